
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'logan' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'logan'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'logan' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'Read logs and print their entries')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Put logs into a store, each line exactly once')
            [CompletionResult]::new('query', 'query', [CompletionResultType]::ParameterValue, 'Ask files, a store or a server a question')
            [CompletionResult]::new('detect', 'detect', [CompletionResultType]::ParameterValue, 'Find what is unusual: spikes, drops, silences, more errors')
            [CompletionResult]::new('db', 'db', [CompletionResultType]::ParameterValue, 'Look into a store: what it holds, from where, and whether it is whole')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve logs over HTTP: take them in, answer questions, tell what is unusual')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Get a key of a server and keep it for the other commands')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the keys of a server')
            [CompletionResult]::new('push', 'push', [CompletionResultType]::ParameterValue, 'Send logs to a server, each line exactly once')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Look at the settings of the server')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Make accounts of a server that does not run, and say who may log in')
            [CompletionResult]::new('healthcheck', 'healthcheck', [CompletionResultType]::ParameterValue, 'Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not')
            [CompletionResult]::new('formats', 'formats', [CompletionResultType]::ParameterValue, 'List the formats logan reads')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;parse' {
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'Keep entries before the end of this time (a day ends at midnight)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Keep entries before the end of this time (a day ends at midnight)')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Keep entries of this level and above')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Keep entries of this level and above')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after N entries')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after N entries')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Print these fields only, in this order: `ts,level,path,status`')
            [CompletionResult]::new('--with', '--with', [CompletionResultType]::ParameterName, 'Also print where entries come from: source, line, offset, format, raw')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every line as this format instead of finding it out (`logan formats` lists them)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write the lines no format accepts to a file, as JSON lines with their place and reason')
            [CompletionResult]::new('--max-rejects', '--max-rejects', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--csv-raw', '--csv-raw', [CompletionResultType]::ParameterName, 'Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `''` in front)')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`')
            [CompletionResult]::new('--why', '--why', [CompletionResultType]::ParameterName, 'Tell how well each format reads each file, and read nothing else')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;import' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Put them into this store; it is made when it does not exist')
            [CompletionResult]::new('--source-id', '--source-id', [CompletionResultType]::ParameterName, 'Know standard input by this name: what was imported from it before is passed over')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every line as this format instead of finding it out (`logan formats` lists them)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write the lines no format accepts to a file, as JSON lines with their place and reason')
            [CompletionResult]::new('--max-rejects', '--max-rejects', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--eof', '--eof', [CompletionResultType]::ParameterName, 'Take a last line without a line end as complete (otherwise it waits for the next import)')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;query' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Ask this store instead of files')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Ask this server instead (LOGAN_SERVER names it as well); `logan login` gets a key')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'Keep entries before the end of this time (a day ends at midnight)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Keep entries before the end of this time (a day ends at midnight)')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Keep entries of this level and above')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Keep entries of this level and above')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Stop after N entries')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Stop after N entries')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Print these fields only, in this order: `ts,level,path,status`')
            [CompletionResult]::new('--with', '--with', [CompletionResultType]::ParameterName, 'Also print where entries come from: source, line, offset, format, raw')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every line as this format instead of finding it out (`logan formats` lists them)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write the lines no format accepts to a file, as JSON lines with their place and reason')
            [CompletionResult]::new('--max-rejects', '--max-rejects', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Send the key and the logs without TLS beyond this machine')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Exit with code 1 when nothing matches')
            [CompletionResult]::new('--exit-status', '--exit-status', [CompletionResultType]::ParameterName, 'Exit with code 1 when nothing matches')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Tell on stderr what was read and what could be skipped')
            [CompletionResult]::new('--csv-raw', '--csv-raw', [CompletionResultType]::ParameterName, 'Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `''` in front)')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;detect' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Ask this store instead of files')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Count in bins of this length instead of one chosen from the time span: `10s`, `5m`, `1h`')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with code 1 when there is a finding of this severity or above')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every line as this format instead of finding it out (`logan formats` lists them)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write the lines no format accepts to a file, as JSON lines with their place and reason')
            [CompletionResult]::new('--max-rejects', '--max-rejects', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'Keep entries before the end of this time (a day ends at midnight)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Keep entries before the end of this time (a day ends at midnight)')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Keep entries of this level and above')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Keep entries of this level and above')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Keep entries that match a filter of the query language: `''status >= 500 and path:api''`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;db' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Look into this store')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Print how much it holds')
            [CompletionResult]::new('sources', 'sources', [CompletionResultType]::ParameterValue, 'Print what was imported, and how far')
            [CompletionResult]::new('rejects', 'rejects', [CompletionResultType]::ParameterValue, 'Print the lines no format accepted')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read everything and check it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;db;stats' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Look into this store')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;db;sources' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Look into this store')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;db;rejects' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Look into this store')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;db;verify' {
            [CompletionResult]::new('--db', '--db', [CompletionResultType]::ParameterName, 'Look into this store')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;db;help' {
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Print how much it holds')
            [CompletionResult]::new('sources', 'sources', [CompletionResultType]::ParameterValue, 'Print what was imported, and how far')
            [CompletionResult]::new('rejects', 'rejects', [CompletionResultType]::ParameterValue, 'Print the lines no format accepted')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read everything and check it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;db;help;stats' {
            break
        }
        'logan;db;help;sources' {
            break
        }
        'logan;db;help;rejects' {
            break
        }
        'logan;db;help;verify' {
            break
        }
        'logan;db;help;help' {
            break
        }
        'logan;serve' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this folder (default ./logan-data)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer requests at this address (default 127.0.0.1:7171)')
            [CompletionResult]::new('--ops-listen', '--ops-listen', [CompletionResultType]::ParameterName, 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Use this certificate (chain, PEM)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Use this key of the certificate (PEM)')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'Believe the client addresses that proxies in these networks tell')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Say this much about the server itself: off, error, warn, info, debug, trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Listen beyond this machine even without TLS')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('admin-token', 'admin-token', [CompletionResultType]::ParameterValue, 'Print a one-time token with which one account can be made, while the server does not run')
            [CompletionResult]::new('rotate-keys', 'rotate-keys', [CompletionResultType]::ParameterValue, 'Sign access tokens with a new key from the next start on, while the server does not run')
            [CompletionResult]::new('verify-audit', 'verify-audit', [CompletionResultType]::ParameterValue, 'Check that nobody changed the audit log, while the server does not run')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;serve;admin-token' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this folder (default ./logan-data)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer requests at this address (default 127.0.0.1:7171)')
            [CompletionResult]::new('--ops-listen', '--ops-listen', [CompletionResultType]::ParameterName, 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Use this certificate (chain, PEM)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Use this key of the certificate (PEM)')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'Believe the client addresses that proxies in these networks tell')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Say this much about the server itself: off, error, warn, info, debug, trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Listen beyond this machine even without TLS')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;serve;rotate-keys' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this folder (default ./logan-data)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer requests at this address (default 127.0.0.1:7171)')
            [CompletionResult]::new('--ops-listen', '--ops-listen', [CompletionResultType]::ParameterName, 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Use this certificate (chain, PEM)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Use this key of the certificate (PEM)')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'Believe the client addresses that proxies in these networks tell')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Say this much about the server itself: off, error, warn, info, debug, trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Listen beyond this machine even without TLS')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;serve;verify-audit' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this folder (default ./logan-data)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer requests at this address (default 127.0.0.1:7171)')
            [CompletionResult]::new('--ops-listen', '--ops-listen', [CompletionResultType]::ParameterName, 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Use this certificate (chain, PEM)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Use this key of the certificate (PEM)')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'Believe the client addresses that proxies in these networks tell')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Say this much about the server itself: off, error, warn, info, debug, trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Listen beyond this machine even without TLS')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;serve;help' {
            [CompletionResult]::new('admin-token', 'admin-token', [CompletionResultType]::ParameterValue, 'Print a one-time token with which one account can be made, while the server does not run')
            [CompletionResult]::new('rotate-keys', 'rotate-keys', [CompletionResultType]::ParameterValue, 'Sign access tokens with a new key from the next start on, while the server does not run')
            [CompletionResult]::new('verify-audit', 'verify-audit', [CompletionResultType]::ParameterValue, 'Check that nobody changed the audit log, while the server does not run')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;serve;help;admin-token' {
            break
        }
        'logan;serve;help;rotate-keys' {
            break
        }
        'logan;serve;help;verify-audit' {
            break
        }
        'logan;serve;help;help' {
            break
        }
        'logan;login' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Log in to this server (LOGAN_SERVER names it as well)')
            [CompletionResult]::new('--email', '--email', [CompletionResultType]::ParameterName, 'Log in as the account with this e-mail address')
            [CompletionResult]::new('--org', '--org', [CompletionResultType]::ParameterName, 'Be in this org, by its id; by default the one you have been in for longest')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from this file, which nobody else may read')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Read an API key from this file, which nobody else may read')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Send the key and the logs without TLS beyond this machine')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;logout' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Forget this server (LOGAN_SERVER names it as well)')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from this file, which nobody else may read')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'Delete the keys at the server as well')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Send the key and the logs without TLS beyond this machine')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;push' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Send to this server (LOGAN_SERVER names it as well)')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Ask a busy or missing server again for so many seconds')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Remember what was sent in this file instead of one below $XDG_STATE_HOME/logan/push')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this file (PEM) as well, or the server''s own certificate')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every line as this format instead of finding it out (`logan formats` lists them)')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Write the lines no format accepts to a file, as JSON lines with their place and reason')
            [CompletionResult]::new('--max-rejects', '--max-rejects', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--eof', '--eof', [CompletionResultType]::ParameterName, 'Take a last line without a line end as complete (otherwise it waits for the next push)')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Send the key and the logs without TLS beyond this machine')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Read folders with everything below them')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;config' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print every setting, its value and where that came from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;config;show' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text, as one JSON object a line, or as a configuration file')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text, as one JSON object a line, or as a configuration file')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this folder (default ./logan-data)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer requests at this address (default 127.0.0.1:7171)')
            [CompletionResult]::new('--ops-listen', '--ops-listen', [CompletionResultType]::ParameterName, 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Use this certificate (chain, PEM)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Use this key of the certificate (PEM)')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'Believe the client addresses that proxies in these networks tell')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Say this much about the server itself: off, error, warn, info, debug, trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Listen beyond this machine even without TLS')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;config;help' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print every setting, its value and where that came from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;config;help;show' {
            break
        }
        'logan;config;help;help' {
            break
        }
        'logan;user' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The data folder of the server')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make an account; its password is asked for, or read from a pipe or a file')
            [CompletionResult]::new('password', 'password', [CompletionResultType]::ParameterValue, 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Keep somebody out: all their sessions end')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let somebody in again')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;user;add' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What to call the person; the part of EMAIL before `@` by default')
            [CompletionResult]::new('--org', '--org', [CompletionResultType]::ParameterName, 'The org, by name or id; made when there is none of that name')
            [CompletionResult]::new('--role', '--role', [CompletionResultType]::ParameterName, 'What the person is in an org that is there: member by default; who makes an org owns it')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from this file, which nobody else may read')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The data folder of the server')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;user;password' {
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the password from this file, which nobody else may read')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The data folder of the server')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;user;disable' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The data folder of the server')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;user;enable' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'The data folder of the server')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;user;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make an account; its password is asked for, or read from a pipe or a file')
            [CompletionResult]::new('password', 'password', [CompletionResultType]::ParameterValue, 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Keep somebody out: all their sessions end')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let somebody in again')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;user;help;add' {
            break
        }
        'logan;user;help;password' {
            break
        }
        'logan;user;help;disable' {
            break
        }
        'logan;user;help;enable' {
            break
        }
        'logan;user;help;help' {
            break
        }
        'logan;healthcheck' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Ask this URL')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait so many seconds for the answer')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file after /etc/logan/logan.toml and ~/.config/logan/config.toml')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this folder (default ./logan-data)')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer requests at this address (default 127.0.0.1:7171)')
            [CompletionResult]::new('--ops-listen', '--ops-listen', [CompletionResultType]::ParameterName, 'Answer /metrics, /livez and /readyz at this address (default 127.0.0.1:7172)')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Use this certificate (chain, PEM)')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Use this key of the certificate (PEM)')
            [CompletionResult]::new('--behind-proxy', '--behind-proxy', [CompletionResultType]::ParameterName, 'Believe the client addresses that proxies in these networks tell')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Say this much about the server itself: off, error, warn, info, debug, trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Write the server''s own log as text or json (default: text on a terminal, json otherwise)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Listen beyond this machine even without TLS')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;formats' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print as text or as one JSON object a line')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;man' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('--threads', '--threads', [CompletionResultType]::ParameterName, 'Use N threads instead of one for each processor')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print a summary of the run to stderr even when it is no terminal')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no summary, no progress and no warnings; errors are still printed')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress bar')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'logan;help' {
            [CompletionResult]::new('parse', 'parse', [CompletionResultType]::ParameterValue, 'Read logs and print their entries')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Put logs into a store, each line exactly once')
            [CompletionResult]::new('query', 'query', [CompletionResultType]::ParameterValue, 'Ask files, a store or a server a question')
            [CompletionResult]::new('detect', 'detect', [CompletionResultType]::ParameterValue, 'Find what is unusual: spikes, drops, silences, more errors')
            [CompletionResult]::new('db', 'db', [CompletionResultType]::ParameterValue, 'Look into a store: what it holds, from where, and whether it is whole')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve logs over HTTP: take them in, answer questions, tell what is unusual')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Get a key of a server and keep it for the other commands')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the keys of a server')
            [CompletionResult]::new('push', 'push', [CompletionResultType]::ParameterValue, 'Send logs to a server, each line exactly once')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Look at the settings of the server')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Make accounts of a server that does not run, and say who may log in')
            [CompletionResult]::new('healthcheck', 'healthcheck', [CompletionResultType]::ParameterValue, 'Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not')
            [CompletionResult]::new('formats', 'formats', [CompletionResultType]::ParameterValue, 'List the formats logan reads')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'logan;help;parse' {
            break
        }
        'logan;help;import' {
            break
        }
        'logan;help;query' {
            break
        }
        'logan;help;detect' {
            break
        }
        'logan;help;db' {
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Print how much it holds')
            [CompletionResult]::new('sources', 'sources', [CompletionResultType]::ParameterValue, 'Print what was imported, and how far')
            [CompletionResult]::new('rejects', 'rejects', [CompletionResultType]::ParameterValue, 'Print the lines no format accepted')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read everything and check it')
            break
        }
        'logan;help;db;stats' {
            break
        }
        'logan;help;db;sources' {
            break
        }
        'logan;help;db;rejects' {
            break
        }
        'logan;help;db;verify' {
            break
        }
        'logan;help;serve' {
            [CompletionResult]::new('admin-token', 'admin-token', [CompletionResultType]::ParameterValue, 'Print a one-time token with which one account can be made, while the server does not run')
            [CompletionResult]::new('rotate-keys', 'rotate-keys', [CompletionResultType]::ParameterValue, 'Sign access tokens with a new key from the next start on, while the server does not run')
            [CompletionResult]::new('verify-audit', 'verify-audit', [CompletionResultType]::ParameterValue, 'Check that nobody changed the audit log, while the server does not run')
            break
        }
        'logan;help;serve;admin-token' {
            break
        }
        'logan;help;serve;rotate-keys' {
            break
        }
        'logan;help;serve;verify-audit' {
            break
        }
        'logan;help;login' {
            break
        }
        'logan;help;logout' {
            break
        }
        'logan;help;push' {
            break
        }
        'logan;help;config' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print every setting, its value and where that came from')
            break
        }
        'logan;help;config;show' {
            break
        }
        'logan;help;user' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make an account; its password is asked for, or read from a pipe or a file')
            [CompletionResult]::new('password', 'password', [CompletionResultType]::ParameterValue, 'Give somebody a new password, which is asked for, or read from a pipe or a file: all their sessions end')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Keep somebody out: all their sessions end')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let somebody in again')
            break
        }
        'logan;help;user;add' {
            break
        }
        'logan;help;user;password' {
            break
        }
        'logan;help;user;disable' {
            break
        }
        'logan;help;user;enable' {
            break
        }
        'logan;help;healthcheck' {
            break
        }
        'logan;help;formats' {
            break
        }
        'logan;help;completions' {
            break
        }
        'logan;help;man' {
            break
        }
        'logan;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
