# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_logan_global_optspecs
    string join \n v/verbose q/quiet color= j/threads= no-progress h/help V/version
end

function __fish_logan_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_logan_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_logan_using_subcommand
    set -l cmd (__fish_logan_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c logan -n "__fish_logan_needs_command" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_needs_command" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_needs_command" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_needs_command" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_needs_command" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_needs_command" -s V -l version -d 'Print version'
complete -c logan -n "__fish_logan_needs_command" -f -a "parse" -d 'Read logs and print their entries'
complete -c logan -n "__fish_logan_needs_command" -f -a "import" -d 'Put logs into a store, each line exactly once'
complete -c logan -n "__fish_logan_needs_command" -f -a "query" -d 'Ask files, a store or a server a question'
complete -c logan -n "__fish_logan_needs_command" -f -a "detect" -d 'Find what is unusual: spikes, drops, silences, more errors'
complete -c logan -n "__fish_logan_needs_command" -f -a "db" -d 'Look into a store: what it holds, from where, and whether it is whole'
complete -c logan -n "__fish_logan_needs_command" -f -a "serve" -d 'Serve logs over HTTP: take them in, answer questions, tell what is unusual'
complete -c logan -n "__fish_logan_needs_command" -f -a "login" -d 'Get a key of a server and keep it for the other commands'
complete -c logan -n "__fish_logan_needs_command" -f -a "logout" -d 'Forget the keys of a server'
complete -c logan -n "__fish_logan_needs_command" -f -a "push" -d 'Send logs to a server, each line exactly once'
complete -c logan -n "__fish_logan_needs_command" -f -a "config" -d 'Look at the settings of the server'
complete -c logan -n "__fish_logan_needs_command" -f -a "user" -d 'Make accounts of a server that does not run, and say who may log in'
complete -c logan -n "__fish_logan_needs_command" -f -a "healthcheck" -d 'Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not'
complete -c logan -n "__fish_logan_needs_command" -f -a "formats" -d 'List the formats logan reads'
complete -c logan -n "__fish_logan_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c logan -n "__fish_logan_needs_command" -f -a "man" -d 'Print a man page'
complete -c logan -n "__fish_logan_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand parse" -s S -l since -d 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -s U -l until -d 'Keep entries before the end of this time (a day ends at midnight)' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -s l -l level -d 'Keep entries of this level and above' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -s w -l where -d 'Keep entries that match a filter of the query language: `\'status >= 500 and path:api\'`' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -s o -l output -d 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)' -r -f -a "text\t''
json\t''
csv\t''
tsv\t''
logfmt\t''
table\t''
raw\t''"
complete -c logan -n "__fish_logan_using_subcommand parse" -s n -l limit -d 'Stop after N entries' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -l fields -d 'Print these fields only, in this order: `ts,level,path,status`' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -l with -d 'Also print where entries come from: source, line, offset, format, raw' -r -f -a "source\t''
line\t''
offset\t''
format\t''
raw\t''"
complete -c logan -n "__fish_logan_using_subcommand parse" -l format -d 'Read every line as this format instead of finding it out (`logan formats` lists them)' -r -f -a "combined\t''
common\t''
json\t''
syslog\t''
logfmt\t''
plain\t''"
complete -c logan -n "__fish_logan_using_subcommand parse" -l tz -d 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -l rejects -d 'Write the lines no format accepts to a file, as JSON lines with their place and reason' -r -F
complete -c logan -n "__fish_logan_using_subcommand parse" -l max-rejects -d 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand parse" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand parse" -l csv-raw -d 'Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `\'` in front)'
complete -c logan -n "__fish_logan_using_subcommand parse" -s r -l recursive -d 'Read folders with everything below them'
complete -c logan -n "__fish_logan_using_subcommand parse" -l strict -d 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
complete -c logan -n "__fish_logan_using_subcommand parse" -l why -d 'Tell how well each format reads each file, and read nothing else'
complete -c logan -n "__fish_logan_using_subcommand parse" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand parse" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand parse" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand import" -l db -d 'Put them into this store; it is made when it does not exist' -r -F
complete -c logan -n "__fish_logan_using_subcommand import" -l source-id -d 'Know standard input by this name: what was imported from it before is passed over' -r
complete -c logan -n "__fish_logan_using_subcommand import" -l format -d 'Read every line as this format instead of finding it out (`logan formats` lists them)' -r -f -a "combined\t''
common\t''
json\t''
syslog\t''
logfmt\t''
plain\t''"
complete -c logan -n "__fish_logan_using_subcommand import" -l tz -d 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`' -r
complete -c logan -n "__fish_logan_using_subcommand import" -l rejects -d 'Write the lines no format accepts to a file, as JSON lines with their place and reason' -r -F
complete -c logan -n "__fish_logan_using_subcommand import" -l max-rejects -d 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`' -r
complete -c logan -n "__fish_logan_using_subcommand import" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand import" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand import" -l eof -d 'Take a last line without a line end as complete (otherwise it waits for the next import)'
complete -c logan -n "__fish_logan_using_subcommand import" -s r -l recursive -d 'Read folders with everything below them'
complete -c logan -n "__fish_logan_using_subcommand import" -l strict -d 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
complete -c logan -n "__fish_logan_using_subcommand import" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand import" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand import" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand query" -l db -d 'Ask this store instead of files' -r -F
complete -c logan -n "__fish_logan_using_subcommand query" -l server -d 'Ask this server instead (LOGAN_SERVER names it as well); `logan login` gets a key' -r
complete -c logan -n "__fish_logan_using_subcommand query" -l ca-file -d 'Trust the certificate authorities in this file (PEM) as well, or the server\'s own certificate' -r -F
complete -c logan -n "__fish_logan_using_subcommand query" -s S -l since -d 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200' -r
complete -c logan -n "__fish_logan_using_subcommand query" -s U -l until -d 'Keep entries before the end of this time (a day ends at midnight)' -r
complete -c logan -n "__fish_logan_using_subcommand query" -s l -l level -d 'Keep entries of this level and above' -r
complete -c logan -n "__fish_logan_using_subcommand query" -s w -l where -d 'Keep entries that match a filter of the query language: `\'status >= 500 and path:api\'`' -r
complete -c logan -n "__fish_logan_using_subcommand query" -s o -l output -d 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)' -r -f -a "text\t''
json\t''
csv\t''
tsv\t''
logfmt\t''
table\t''
raw\t''"
complete -c logan -n "__fish_logan_using_subcommand query" -s n -l limit -d 'Stop after N entries' -r
complete -c logan -n "__fish_logan_using_subcommand query" -l fields -d 'Print these fields only, in this order: `ts,level,path,status`' -r
complete -c logan -n "__fish_logan_using_subcommand query" -l with -d 'Also print where entries come from: source, line, offset, format, raw' -r -f -a "source\t''
line\t''
offset\t''
format\t''
raw\t''"
complete -c logan -n "__fish_logan_using_subcommand query" -l format -d 'Read every line as this format instead of finding it out (`logan formats` lists them)' -r -f -a "combined\t''
common\t''
json\t''
syslog\t''
logfmt\t''
plain\t''"
complete -c logan -n "__fish_logan_using_subcommand query" -l tz -d 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`' -r
complete -c logan -n "__fish_logan_using_subcommand query" -l rejects -d 'Write the lines no format accepts to a file, as JSON lines with their place and reason' -r -F
complete -c logan -n "__fish_logan_using_subcommand query" -l max-rejects -d 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`' -r
complete -c logan -n "__fish_logan_using_subcommand query" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand query" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand query" -l insecure -d 'Send the key and the logs without TLS beyond this machine'
complete -c logan -n "__fish_logan_using_subcommand query" -s e -l exit-status -d 'Exit with code 1 when nothing matches'
complete -c logan -n "__fish_logan_using_subcommand query" -l stats -d 'Tell on stderr what was read and what could be skipped'
complete -c logan -n "__fish_logan_using_subcommand query" -l csv-raw -d 'Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `\'` in front)'
complete -c logan -n "__fish_logan_using_subcommand query" -s r -l recursive -d 'Read folders with everything below them'
complete -c logan -n "__fish_logan_using_subcommand query" -l strict -d 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
complete -c logan -n "__fish_logan_using_subcommand query" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand query" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand query" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand query" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand detect" -l db -d 'Ask this store instead of files' -r -F
complete -c logan -n "__fish_logan_using_subcommand detect" -l every -d 'Count in bins of this length instead of one chosen from the time span: `10s`, `5m`, `1h`' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -l fail-on -d 'Exit with code 1 when there is a finding of this severity or above' -r -f -a "info\t'Any finding'
warning\t'Warnings and critical findings'
critical\t'Critical findings'"
complete -c logan -n "__fish_logan_using_subcommand detect" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand detect" -l format -d 'Read every line as this format instead of finding it out (`logan formats` lists them)' -r -f -a "combined\t''
common\t''
json\t''
syslog\t''
logfmt\t''
plain\t''"
complete -c logan -n "__fish_logan_using_subcommand detect" -l tz -d 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -l rejects -d 'Write the lines no format accepts to a file, as JSON lines with their place and reason' -r -F
complete -c logan -n "__fish_logan_using_subcommand detect" -l max-rejects -d 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -s S -l since -d 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -s U -l until -d 'Keep entries before the end of this time (a day ends at midnight)' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -s l -l level -d 'Keep entries of this level and above' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -s w -l where -d 'Keep entries that match a filter of the query language: `\'status >= 500 and path:api\'`' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand detect" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand detect" -s r -l recursive -d 'Read folders with everything below them'
complete -c logan -n "__fish_logan_using_subcommand detect" -l strict -d 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
complete -c logan -n "__fish_logan_using_subcommand detect" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand detect" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand detect" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand detect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -l db -d 'Look into this store' -r -F
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -f -a "stats" -d 'Print how much it holds'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -f -a "sources" -d 'Print what was imported, and how far'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -f -a "rejects" -d 'Print the lines no format accepted'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -f -a "verify" -d 'Read everything and check it'
complete -c logan -n "__fish_logan_using_subcommand db; and not __fish_seen_subcommand_from stats sources rejects verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -l db -d 'Look into this store' -r -F
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -l db -d 'Look into this store' -r -F
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from sources" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -l db -d 'Look into this store' -r -F
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from rejects" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -l db -d 'Look into this store' -r -F
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from help" -f -a "stats" -d 'Print how much it holds'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from help" -f -a "sources" -d 'Print what was imported, and how far'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from help" -f -a "rejects" -d 'Print the lines no format accepted'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Read everything and check it'
complete -c logan -n "__fish_logan_using_subcommand db; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l config -d 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml' -r -F
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l data -d 'Keep everything in this folder (default ./logan-data)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l listen -d 'Answer requests at this address (default 127.0.0.1:7171)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l ops-listen -d 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l tls-cert -d 'Use this certificate (chain, PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l tls-key -d 'Use this key of the certificate (PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l behind-proxy -d 'Believe the client addresses that proxies in these networks tell' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l log-level -d 'Say this much about the server itself: off, error, warn, info, debug, trace' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l log-format -d 'Write the server\'s own log as text or json (default: text on a terminal, json otherwise)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l insecure -d 'Listen beyond this machine even without TLS'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -f -a "admin-token" -d 'Print a one-time token with which one account can be made, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -f -a "rotate-keys" -d 'Sign access tokens with a new key from the next start on, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -f -a "verify-audit" -d 'Check that nobody changed the audit log, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand serve; and not __fish_seen_subcommand_from admin-token rotate-keys verify-audit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l config -d 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml' -r -F
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l data -d 'Keep everything in this folder (default ./logan-data)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l listen -d 'Answer requests at this address (default 127.0.0.1:7171)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l ops-listen -d 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l tls-cert -d 'Use this certificate (chain, PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l tls-key -d 'Use this key of the certificate (PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l behind-proxy -d 'Believe the client addresses that proxies in these networks tell' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l log-level -d 'Say this much about the server itself: off, error, warn, info, debug, trace' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l log-format -d 'Write the server\'s own log as text or json (default: text on a terminal, json otherwise)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l insecure -d 'Listen beyond this machine even without TLS'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from admin-token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l config -d 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml' -r -F
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l data -d 'Keep everything in this folder (default ./logan-data)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l listen -d 'Answer requests at this address (default 127.0.0.1:7171)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l ops-listen -d 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l tls-cert -d 'Use this certificate (chain, PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l tls-key -d 'Use this key of the certificate (PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l behind-proxy -d 'Believe the client addresses that proxies in these networks tell' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l log-level -d 'Say this much about the server itself: off, error, warn, info, debug, trace' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l log-format -d 'Write the server\'s own log as text or json (default: text on a terminal, json otherwise)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l insecure -d 'Listen beyond this machine even without TLS'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from rotate-keys" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l config -d 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml' -r -F
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l data -d 'Keep everything in this folder (default ./logan-data)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l listen -d 'Answer requests at this address (default 127.0.0.1:7171)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l ops-listen -d 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l tls-cert -d 'Use this certificate (chain, PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l tls-key -d 'Use this key of the certificate (PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l behind-proxy -d 'Believe the client addresses that proxies in these networks tell' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l log-level -d 'Say this much about the server itself: off, error, warn, info, debug, trace' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l log-format -d 'Write the server\'s own log as text or json (default: text on a terminal, json otherwise)' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l insecure -d 'Listen beyond this machine even without TLS'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from verify-audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from help" -f -a "admin-token" -d 'Print a one-time token with which one account can be made, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from help" -f -a "rotate-keys" -d 'Sign access tokens with a new key from the next start on, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from help" -f -a "verify-audit" -d 'Check that nobody changed the audit log, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand serve; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand login" -l server -d 'Log in to this server (LOGAN_SERVER names it as well)' -r
complete -c logan -n "__fish_logan_using_subcommand login" -l email -d 'Log in as the account with this e-mail address' -r
complete -c logan -n "__fish_logan_using_subcommand login" -l org -d 'Be in this org, by its id; by default the one you have been in for longest' -r
complete -c logan -n "__fish_logan_using_subcommand login" -l password-file -d 'Read the password from this file, which nobody else may read' -r -F
complete -c logan -n "__fish_logan_using_subcommand login" -l key-file -d 'Read an API key from this file, which nobody else may read' -r -F
complete -c logan -n "__fish_logan_using_subcommand login" -l ca-file -d 'Trust the certificate authorities in this file (PEM) as well, or the server\'s own certificate' -r -F
complete -c logan -n "__fish_logan_using_subcommand login" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand login" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand login" -l insecure -d 'Send the key and the logs without TLS beyond this machine'
complete -c logan -n "__fish_logan_using_subcommand login" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand login" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand login" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand logout" -l server -d 'Forget this server (LOGAN_SERVER names it as well)' -r
complete -c logan -n "__fish_logan_using_subcommand logout" -l password-file -d 'Read the password from this file, which nobody else may read' -r -F
complete -c logan -n "__fish_logan_using_subcommand logout" -l ca-file -d 'Trust the certificate authorities in this file (PEM) as well, or the server\'s own certificate' -r -F
complete -c logan -n "__fish_logan_using_subcommand logout" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand logout" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand logout" -l revoke -d 'Delete the keys at the server as well'
complete -c logan -n "__fish_logan_using_subcommand logout" -l insecure -d 'Send the key and the logs without TLS beyond this machine'
complete -c logan -n "__fish_logan_using_subcommand logout" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand logout" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand logout" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand push" -l server -d 'Send to this server (LOGAN_SERVER names it as well)' -r
complete -c logan -n "__fish_logan_using_subcommand push" -l retry -d 'Ask a busy or missing server again for so many seconds' -r
complete -c logan -n "__fish_logan_using_subcommand push" -l state -d 'Remember what was sent in this file instead of one below $XDG_STATE_HOME/logan/push' -r -F
complete -c logan -n "__fish_logan_using_subcommand push" -l ca-file -d 'Trust the certificate authorities in this file (PEM) as well, or the server\'s own certificate' -r -F
complete -c logan -n "__fish_logan_using_subcommand push" -l format -d 'Read every line as this format instead of finding it out (`logan formats` lists them)' -r -f -a "combined\t''
common\t''
json\t''
syslog\t''
logfmt\t''
plain\t''"
complete -c logan -n "__fish_logan_using_subcommand push" -l tz -d 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`' -r
complete -c logan -n "__fish_logan_using_subcommand push" -l rejects -d 'Write the lines no format accepts to a file, as JSON lines with their place and reason' -r -F
complete -c logan -n "__fish_logan_using_subcommand push" -l max-rejects -d 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`' -r
complete -c logan -n "__fish_logan_using_subcommand push" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand push" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand push" -l eof -d 'Take a last line without a line end as complete (otherwise it waits for the next push)'
complete -c logan -n "__fish_logan_using_subcommand push" -l insecure -d 'Send the key and the logs without TLS beyond this machine'
complete -c logan -n "__fish_logan_using_subcommand push" -s r -l recursive -d 'Read folders with everything below them'
complete -c logan -n "__fish_logan_using_subcommand push" -l strict -d 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`'
complete -c logan -n "__fish_logan_using_subcommand push" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand push" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand push" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -f -a "show" -d 'Print every setting, its value and where that came from'
complete -c logan -n "__fish_logan_using_subcommand config; and not __fish_seen_subcommand_from show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Print as text, as one JSON object a line, or as a configuration file' -r -f -a "text\t'For people'
json\t'One object a line'
toml\t'As a configuration file'"
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml' -r -F
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l data -d 'Keep everything in this folder (default ./logan-data)' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l listen -d 'Answer requests at this address (default 127.0.0.1:7171)' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l ops-listen -d 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l tls-cert -d 'Use this certificate (chain, PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l tls-key -d 'Use this key of the certificate (PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l behind-proxy -d 'Believe the client addresses that proxies in these networks tell' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l log-level -d 'Say this much about the server itself: off, error, warn, info, debug, trace' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l log-format -d 'Write the server\'s own log as text or json (default: text on a terminal, json otherwise)' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l insecure -d 'Listen beyond this machine even without TLS'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print every setting, its value and where that came from'
complete -c logan -n "__fish_logan_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -l data -d 'The data folder of the server' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -f -a "add" -d 'Make an account; its password is asked for, or read from a pipe or a file'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -f -a "password" -d 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -f -a "disable" -d 'Keep somebody out: all their sessions end'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -f -a "enable" -d 'Let somebody in again'
complete -c logan -n "__fish_logan_using_subcommand user; and not __fish_seen_subcommand_from add password disable enable help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l name -d 'What to call the person; the part of EMAIL before `@` by default' -r
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l org -d 'The org, by name or id; made when there is none of that name' -r
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l role -d 'What the person is in an org that is there: member by default; who makes an org owns it' -r -f -a "viewer\t'Reads'
member\t'Reads, sends logs, keeps rules'
admin\t'All but giving the org away or deleting it'
owner\t'Everything'"
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l password-file -d 'Read the password from this file, which nobody else may read' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l data -d 'The data folder of the server' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -l password-file -d 'Read the password from this file, which nobody else may read' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -l data -d 'The data folder of the server' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -l data -d 'The data folder of the server' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -l data -d 'The data folder of the server' -r -F
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make an account; its password is asked for, or read from a pipe or a file'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "password" -d 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Keep somebody out: all their sessions end'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "enable" -d 'Let somebody in again'
complete -c logan -n "__fish_logan_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l url -d 'Ask this URL' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l timeout -d 'Wait so many seconds for the answer' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l config -d 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml' -r -F
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l data -d 'Keep everything in this folder (default ./logan-data)' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l listen -d 'Answer requests at this address (default 127.0.0.1:7171)' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l ops-listen -d 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l tls-cert -d 'Use this certificate (chain, PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l tls-key -d 'Use this key of the certificate (PEM)' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l behind-proxy -d 'Believe the client addresses that proxies in these networks tell' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l log-level -d 'Say this much about the server itself: off, error, warn, info, debug, trace' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l log-format -d 'Write the server\'s own log as text or json (default: text on a terminal, json otherwise)' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l insecure -d 'Listen beyond this machine even without TLS'
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand healthcheck" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand formats" -s o -l output -d 'Print as text or as one JSON object a line' -r -f -a "text\t'For people'
json\t'One object a line'"
complete -c logan -n "__fish_logan_using_subcommand formats" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand formats" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand formats" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand formats" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand formats" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand formats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand completions" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand completions" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand completions" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand completions" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand completions" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand man" -l color -d 'Use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE turns it on everywhere'
always\t'Always'
never\t'Never'"
complete -c logan -n "__fish_logan_using_subcommand man" -s j -l threads -d 'Use N threads instead of one for each processor' -r
complete -c logan -n "__fish_logan_using_subcommand man" -s v -l verbose -d 'Print a summary of the run to stderr even when it is no terminal'
complete -c logan -n "__fish_logan_using_subcommand man" -s q -l quiet -d 'Print no summary, no progress and no warnings; errors are still printed'
complete -c logan -n "__fish_logan_using_subcommand man" -l no-progress -d 'Show no progress bar'
complete -c logan -n "__fish_logan_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "parse" -d 'Read logs and print their entries'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "import" -d 'Put logs into a store, each line exactly once'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "query" -d 'Ask files, a store or a server a question'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "detect" -d 'Find what is unusual: spikes, drops, silences, more errors'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "db" -d 'Look into a store: what it holds, from where, and whether it is whole'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "serve" -d 'Serve logs over HTTP: take them in, answer questions, tell what is unusual'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "login" -d 'Get a key of a server and keep it for the other commands'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "logout" -d 'Forget the keys of a server'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "push" -d 'Send logs to a server, each line exactly once'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "config" -d 'Look at the settings of the server'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "user" -d 'Make accounts of a server that does not run, and say who may log in'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "healthcheck" -d 'Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "formats" -d 'List the formats logan reads'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "man" -d 'Print a man page'
complete -c logan -n "__fish_logan_using_subcommand help; and not __fish_seen_subcommand_from parse import query detect db serve login logout push config user healthcheck formats completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from db" -f -a "stats" -d 'Print how much it holds'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from db" -f -a "sources" -d 'Print what was imported, and how far'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from db" -f -a "rejects" -d 'Print the lines no format accepted'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from db" -f -a "verify" -d 'Read everything and check it'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from serve" -f -a "admin-token" -d 'Print a one-time token with which one account can be made, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from serve" -f -a "rotate-keys" -d 'Sign access tokens with a new key from the next start on, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from serve" -f -a "verify-audit" -d 'Check that nobody changed the audit log, while the server does not run'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Print every setting, its value and where that came from'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Make an account; its password is asked for, or read from a pipe or a file'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "password" -d 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "disable" -d 'Keep somebody out: all their sessions end'
complete -c logan -n "__fish_logan_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "enable" -d 'Let somebody in again'
