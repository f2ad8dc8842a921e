using System.CommandLine;

namespace Checkpointing.Tool.Inspection;

/// <summary>The command <c>completions</c>: a script for a shell, which then asks the tool what may come
/// next.</summary>
internal static class CompletionsCommand
{
    private const string Bash = """
        _checkpoints() {
            local line="${COMP_LINE}" at="${COMP_POINT}"
            local IFS=$'\n'
            COMPREPLY=( $(checkpoints "[suggest:${at}]" "${line}" 2>/dev/null) )
            [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=( $(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o filenames -F _checkpoints checkpoints
        """;

    private const string Zsh = """
        #compdef checkpoints
        _checkpoints() {
            local -a found
            found=("${(@f)$(checkpoints "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            [[ -n "${found[1]}" ]] && compadd -- "${found[@]}" || _files
        }
        # As a file of fpath it is called the moment it is loaded; else it registers itself.
        if [[ "${funcstack[1]}" == _checkpoints ]]; then _checkpoints "$@"; else compdef _checkpoints checkpoints; fi
        """;

    private const string Fish = """
        function __checkpoints_complete
            set -l line (commandline -cp)
            checkpoints "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
        end
        complete -c checkpoints -a "(__checkpoints_complete)"
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName checkpoints -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            checkpoints "[suggest:$cursorPosition]" "$commandAst" 2>$null | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    private static readonly Argument<string> Shell = new Argument<string>("SHELL")
    {
        Description = "bash, zsh, fish or pwsh",
    }.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");

    public static Command Create()
    {
        var command = new Command("completions", """
            Prints a script that completes the commands and options of this tool in a shell.

            Examples: source <(checkpoints completions bash)
                      checkpoints completions fish | source
            """)
        {
            Shell,
        };
        command.SetAction(static parsed =>
        {
            Console.Out.WriteLine(parsed.GetValue(Shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                _ => PowerShell,
            });
            return ExitCodes.Success;
        });
        return command;
    }
}
