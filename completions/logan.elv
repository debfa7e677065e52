
use builtin;
use str;

set edit:completion:arg-completer[logan] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'logan'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'logan'= {
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand parse 'Read logs and print their entries'
            cand import 'Put logs into a store, each line exactly once'
            cand query 'Ask files, a store or a server a question'
            cand detect 'Find what is unusual: spikes, drops, silences, more errors'
            cand db 'Look into a store: what it holds, from where, and whether it is whole'
            cand serve 'Serve logs over HTTP: take them in, answer questions, tell what is unusual'
            cand login 'Get a key of a server and keep it for the other commands'
            cand logout 'Forget the keys of a server'
            cand push 'Send logs to a server, each line exactly once'
            cand config 'Look at the settings of the server'
            cand user 'Make accounts of a server that does not run, and say who may log in'
            cand healthcheck 'Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not'
            cand formats 'List the formats logan reads'
            cand completions 'Print a completion script for a shell'
            cand man 'Print a man page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;parse'= {
            cand -S 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200'
            cand --since 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200'
            cand -U 'Keep entries before the end of this time (a day ends at midnight)'
            cand --until 'Keep entries before the end of this time (a day ends at midnight)'
            cand -l 'Keep entries of this level and above'
            cand --level 'Keep entries of this level and above'
            cand -w 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`'
            cand --where 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`'
            cand -o 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)'
            cand --output 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)'
            cand -n 'Stop after N entries'
            cand --limit 'Stop after N entries'
            cand --fields 'Print these fields only, in this order: `ts,level,path,status`'
            cand --with 'Also print where entries come from: source, line, offset, format, raw'
            cand --format 'Read every line as this format instead of finding it out (`logan formats` lists them)'
            cand --tz 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`'
            cand --rejects 'Write the lines no format accepts to a file, as JSON lines with their place and reason'
            cand --max-rejects 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --csv-raw 'Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `''` in front)'
            cand -r 'Read folders with everything below them'
            cand --recursive 'Read folders with everything below them'
            cand --strict 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
            cand --why 'Tell how well each format reads each file, and read nothing else'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;import'= {
            cand --db 'Put them into this store; it is made when it does not exist'
            cand --source-id 'Know standard input by this name: what was imported from it before is passed over'
            cand --format 'Read every line as this format instead of finding it out (`logan formats` lists them)'
            cand --tz 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`'
            cand --rejects 'Write the lines no format accepts to a file, as JSON lines with their place and reason'
            cand --max-rejects 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --eof 'Take a last line without a line end as complete (otherwise it waits for the next import)'
            cand -r 'Read folders with everything below them'
            cand --recursive 'Read folders with everything below them'
            cand --strict 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;query'= {
            cand --db 'Ask this store instead of files'
            cand --server 'Ask this server instead (LOGAN_SERVER names it as well); `logan login` gets a key'
            cand --ca-file 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate'
            cand -S 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200'
            cand --since 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200'
            cand -U 'Keep entries before the end of this time (a day ends at midnight)'
            cand --until 'Keep entries before the end of this time (a day ends at midnight)'
            cand -l 'Keep entries of this level and above'
            cand --level 'Keep entries of this level and above'
            cand -w 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`'
            cand --where 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`'
            cand -o 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)'
            cand --output 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)'
            cand -n 'Stop after N entries'
            cand --limit 'Stop after N entries'
            cand --fields 'Print these fields only, in this order: `ts,level,path,status`'
            cand --with 'Also print where entries come from: source, line, offset, format, raw'
            cand --format 'Read every line as this format instead of finding it out (`logan formats` lists them)'
            cand --tz 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`'
            cand --rejects 'Write the lines no format accepts to a file, as JSON lines with their place and reason'
            cand --max-rejects 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Send the key and the logs without TLS beyond this machine'
            cand -e 'Exit with code 1 when nothing matches'
            cand --exit-status 'Exit with code 1 when nothing matches'
            cand --stats 'Tell on stderr what was read and what could be skipped'
            cand --csv-raw 'Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `''` in front)'
            cand -r 'Read folders with everything below them'
            cand --recursive 'Read folders with everything below them'
            cand --strict 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;detect'= {
            cand --db 'Ask this store instead of files'
            cand --every 'Count in bins of this length instead of one chosen from the time span: `10s`, `5m`, `1h`'
            cand --fail-on 'Exit with code 1 when there is a finding of this severity or above'
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --format 'Read every line as this format instead of finding it out (`logan formats` lists them)'
            cand --tz 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`'
            cand --rejects 'Write the lines no format accepts to a file, as JSON lines with their place and reason'
            cand --max-rejects 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`'
            cand -S 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200'
            cand --since 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200'
            cand -U 'Keep entries before the end of this time (a day ends at midnight)'
            cand --until 'Keep entries before the end of this time (a day ends at midnight)'
            cand -l 'Keep entries of this level and above'
            cand --level 'Keep entries of this level and above'
            cand -w 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`'
            cand --where 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -r 'Read folders with everything below them'
            cand --recursive 'Read folders with everything below them'
            cand --strict 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;db'= {
            cand --db 'Look into this store'
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand stats 'Print how much it holds'
            cand sources 'Print what was imported, and how far'
            cand rejects 'Print the lines no format accepted'
            cand verify 'Read everything and check it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;db;stats'= {
            cand --db 'Look into this store'
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;db;sources'= {
            cand --db 'Look into this store'
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;db;rejects'= {
            cand --db 'Look into this store'
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;db;verify'= {
            cand --db 'Look into this store'
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;db;help'= {
            cand stats 'Print how much it holds'
            cand sources 'Print what was imported, and how far'
            cand rejects 'Print the lines no format accepted'
            cand verify 'Read everything and check it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;db;help;stats'= {
        }
        &'logan;db;help;sources'= {
        }
        &'logan;db;help;rejects'= {
        }
        &'logan;db;help;verify'= {
        }
        &'logan;db;help;help'= {
        }
        &'logan;serve'= {
            cand --config 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml'
            cand --data 'Keep everything in this folder (default ./logan-data)'
            cand --listen 'Answer requests at this address (default 127.0.0.1:7171)'
            cand --ops-listen 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)'
            cand --tls-cert 'Use this certificate (chain, PEM)'
            cand --tls-key 'Use this key of the certificate (PEM)'
            cand --behind-proxy 'Believe the client addresses that proxies in these networks tell'
            cand --log-level 'Say this much about the server itself: off, error, warn, info, debug, trace'
            cand --log-format 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Listen beyond this machine even without TLS'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand admin-token 'Print a one-time token with which one account can be made, while the server does not run'
            cand rotate-keys 'Sign access tokens with a new key from the next start on, while the server does not run'
            cand verify-audit 'Check that nobody changed the audit log, while the server does not run'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;serve;admin-token'= {
            cand --config 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml'
            cand --data 'Keep everything in this folder (default ./logan-data)'
            cand --listen 'Answer requests at this address (default 127.0.0.1:7171)'
            cand --ops-listen 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)'
            cand --tls-cert 'Use this certificate (chain, PEM)'
            cand --tls-key 'Use this key of the certificate (PEM)'
            cand --behind-proxy 'Believe the client addresses that proxies in these networks tell'
            cand --log-level 'Say this much about the server itself: off, error, warn, info, debug, trace'
            cand --log-format 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Listen beyond this machine even without TLS'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;serve;rotate-keys'= {
            cand --config 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml'
            cand --data 'Keep everything in this folder (default ./logan-data)'
            cand --listen 'Answer requests at this address (default 127.0.0.1:7171)'
            cand --ops-listen 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)'
            cand --tls-cert 'Use this certificate (chain, PEM)'
            cand --tls-key 'Use this key of the certificate (PEM)'
            cand --behind-proxy 'Believe the client addresses that proxies in these networks tell'
            cand --log-level 'Say this much about the server itself: off, error, warn, info, debug, trace'
            cand --log-format 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Listen beyond this machine even without TLS'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;serve;verify-audit'= {
            cand --config 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml'
            cand --data 'Keep everything in this folder (default ./logan-data)'
            cand --listen 'Answer requests at this address (default 127.0.0.1:7171)'
            cand --ops-listen 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)'
            cand --tls-cert 'Use this certificate (chain, PEM)'
            cand --tls-key 'Use this key of the certificate (PEM)'
            cand --behind-proxy 'Believe the client addresses that proxies in these networks tell'
            cand --log-level 'Say this much about the server itself: off, error, warn, info, debug, trace'
            cand --log-format 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Listen beyond this machine even without TLS'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;serve;help'= {
            cand admin-token 'Print a one-time token with which one account can be made, while the server does not run'
            cand rotate-keys 'Sign access tokens with a new key from the next start on, while the server does not run'
            cand verify-audit 'Check that nobody changed the audit log, while the server does not run'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;serve;help;admin-token'= {
        }
        &'logan;serve;help;rotate-keys'= {
        }
        &'logan;serve;help;verify-audit'= {
        }
        &'logan;serve;help;help'= {
        }
        &'logan;login'= {
            cand --server 'Log in to this server (LOGAN_SERVER names it as well)'
            cand --email 'Log in as the account with this e-mail address'
            cand --org 'Be in this org, by its id; by default the one you have been in for longest'
            cand --password-file 'Read the password from this file, which nobody else may read'
            cand --key-file 'Read an API key from this file, which nobody else may read'
            cand --ca-file 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Send the key and the logs without TLS beyond this machine'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;logout'= {
            cand --server 'Forget this server (LOGAN_SERVER names it as well)'
            cand --password-file 'Read the password from this file, which nobody else may read'
            cand --ca-file 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --revoke 'Delete the keys at the server as well'
            cand --insecure 'Send the key and the logs without TLS beyond this machine'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;push'= {
            cand --server 'Send to this server (LOGAN_SERVER names it as well)'
            cand --retry 'Ask a busy or missing server again for so many seconds'
            cand --state 'Remember what was sent in this file instead of one below $XDG_STATE_HOME/logan/push'
            cand --ca-file 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate'
            cand --format 'Read every line as this format instead of finding it out (`logan formats` lists them)'
            cand --tz 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`'
            cand --rejects 'Write the lines no format accepts to a file, as JSON lines with their place and reason'
            cand --max-rejects 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --eof 'Take a last line without a line end as complete (otherwise it waits for the next push)'
            cand --insecure 'Send the key and the logs without TLS beyond this machine'
            cand -r 'Read folders with everything below them'
            cand --recursive 'Read folders with everything below them'
            cand --strict 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;config'= {
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand show 'Print every setting, its value and where that came from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;config;show'= {
            cand -o 'Print as text, as one JSON object a line, or as a configuration file'
            cand --output 'Print as text, as one JSON object a line, or as a configuration file'
            cand --config 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml'
            cand --data 'Keep everything in this folder (default ./logan-data)'
            cand --listen 'Answer requests at this address (default 127.0.0.1:7171)'
            cand --ops-listen 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)'
            cand --tls-cert 'Use this certificate (chain, PEM)'
            cand --tls-key 'Use this key of the certificate (PEM)'
            cand --behind-proxy 'Believe the client addresses that proxies in these networks tell'
            cand --log-level 'Say this much about the server itself: off, error, warn, info, debug, trace'
            cand --log-format 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Listen beyond this machine even without TLS'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;config;help'= {
            cand show 'Print every setting, its value and where that came from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;config;help;show'= {
        }
        &'logan;config;help;help'= {
        }
        &'logan;user'= {
            cand --data 'The data folder of the server'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand add 'Make an account; its password is asked for, or read from a pipe or a file'
            cand password 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end'
            cand disable 'Keep somebody out: all their sessions end'
            cand enable 'Let somebody in again'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;user;add'= {
            cand --name 'What to call the person; the part of EMAIL before `@` by default'
            cand --org 'The org, by name or id; made when there is none of that name'
            cand --role 'What the person is in an org that is there: member by default; who makes an org owns it'
            cand --password-file 'Read the password from this file, which nobody else may read'
            cand --data 'The data folder of the server'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;user;password'= {
            cand --password-file 'Read the password from this file, which nobody else may read'
            cand --data 'The data folder of the server'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;user;disable'= {
            cand --data 'The data folder of the server'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;user;enable'= {
            cand --data 'The data folder of the server'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;user;help'= {
            cand add 'Make an account; its password is asked for, or read from a pipe or a file'
            cand password 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end'
            cand disable 'Keep somebody out: all their sessions end'
            cand enable 'Let somebody in again'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;user;help;add'= {
        }
        &'logan;user;help;password'= {
        }
        &'logan;user;help;disable'= {
        }
        &'logan;user;help;enable'= {
        }
        &'logan;user;help;help'= {
        }
        &'logan;healthcheck'= {
            cand --url 'Ask this URL'
            cand --timeout 'Wait so many seconds for the answer'
            cand --config 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml'
            cand --data 'Keep everything in this folder (default ./logan-data)'
            cand --listen 'Answer requests at this address (default 127.0.0.1:7171)'
            cand --ops-listen 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)'
            cand --tls-cert 'Use this certificate (chain, PEM)'
            cand --tls-key 'Use this key of the certificate (PEM)'
            cand --behind-proxy 'Believe the client addresses that proxies in these networks tell'
            cand --log-level 'Say this much about the server itself: off, error, warn, info, debug, trace'
            cand --log-format 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand --insecure 'Listen beyond this machine even without TLS'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;formats'= {
            cand -o 'Print as text or as one JSON object a line'
            cand --output 'Print as text or as one JSON object a line'
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;completions'= {
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;man'= {
            cand --color 'Use colour'
            cand -j 'Use N threads instead of one for each processor'
            cand --threads 'Use N threads instead of one for each processor'
            cand -v 'Print a summary of the run to stderr even when it is no terminal'
            cand --verbose 'Print a summary of the run to stderr even when it is no terminal'
            cand -q 'Print no summary, no progress and no warnings; errors are still printed'
            cand --quiet 'Print no summary, no progress and no warnings; errors are still printed'
            cand --no-progress 'Show no progress bar'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'logan;help'= {
            cand parse 'Read logs and print their entries'
            cand import 'Put logs into a store, each line exactly once'
            cand query 'Ask files, a store or a server a question'
            cand detect 'Find what is unusual: spikes, drops, silences, more errors'
            cand db 'Look into a store: what it holds, from where, and whether it is whole'
            cand serve 'Serve logs over HTTP: take them in, answer questions, tell what is unusual'
            cand login 'Get a key of a server and keep it for the other commands'
            cand logout 'Forget the keys of a server'
            cand push 'Send logs to a server, each line exactly once'
            cand config 'Look at the settings of the server'
            cand user 'Make accounts of a server that does not run, and say who may log in'
            cand healthcheck 'Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not'
            cand formats 'List the formats logan reads'
            cand completions 'Print a completion script for a shell'
            cand man 'Print a man page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'logan;help;parse'= {
        }
        &'logan;help;import'= {
        }
        &'logan;help;query'= {
        }
        &'logan;help;detect'= {
        }
        &'logan;help;db'= {
            cand stats 'Print how much it holds'
            cand sources 'Print what was imported, and how far'
            cand rejects 'Print the lines no format accepted'
            cand verify 'Read everything and check it'
        }
        &'logan;help;db;stats'= {
        }
        &'logan;help;db;sources'= {
        }
        &'logan;help;db;rejects'= {
        }
        &'logan;help;db;verify'= {
        }
        &'logan;help;serve'= {
            cand admin-token 'Print a one-time token with which one account can be made, while the server does not run'
            cand rotate-keys 'Sign access tokens with a new key from the next start on, while the server does not run'
            cand verify-audit 'Check that nobody changed the audit log, while the server does not run'
        }
        &'logan;help;serve;admin-token'= {
        }
        &'logan;help;serve;rotate-keys'= {
        }
        &'logan;help;serve;verify-audit'= {
        }
        &'logan;help;login'= {
        }
        &'logan;help;logout'= {
        }
        &'logan;help;push'= {
        }
        &'logan;help;config'= {
            cand show 'Print every setting, its value and where that came from'
        }
        &'logan;help;config;show'= {
        }
        &'logan;help;user'= {
            cand add 'Make an account; its password is asked for, or read from a pipe or a file'
            cand password 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end'
            cand disable 'Keep somebody out: all their sessions end'
            cand enable 'Let somebody in again'
        }
        &'logan;help;user;add'= {
        }
        &'logan;help;user;password'= {
        }
        &'logan;help;user;disable'= {
        }
        &'logan;help;user;enable'= {
        }
        &'logan;help;healthcheck'= {
        }
        &'logan;help;formats'= {
        }
        &'logan;help;completions'= {
        }
        &'logan;help;man'= {
        }
        &'logan;help;help'= {
        }
    ]
    $completions[$command]
}
