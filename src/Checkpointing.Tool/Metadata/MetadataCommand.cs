using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;

namespace Checkpointing.Tool.Metadata;

/// <summary>The command <c>metadata</c>: look at metadata files of all formats, and write them again.</summary>
internal static class MetadataCommand
{
    private const string FolderRule =
        "a file, or a folder: all files below it, but if some are called '_metadata' or '*.metadata', only these";

    private static readonly (string Name, MetadataFormat? Format)[] s_formats =
    [
        ("same", null), ("flink-2", MetadataFormat.FlinkV2), ("flink-3", MetadataFormat.FlinkV3),
        ("native", MetadataFormat.NativeV1),
    ];

    private static readonly Argument<string> ShownPath = new("PATH")
    {
        Description = $"What to show: {FolderRule}",
    };

    private static readonly Option<string> In = new("--in")
    {
        Description = $"What to write again: {FolderRule}",
        HelpName = "PATH|DIR",
        Required = true,
    };

    private static readonly Option<string> Out = new("--out")
    {
        Description = "File, or folder for files of the same names, to write; never the input",
        HelpName = "PATH|DIR",
        Required = true,
    };

    private static readonly Option<string> Format = new("--format")
    {
        Description = "Format to write: that of each file, Flink's version 2 or 3, or ours (1001)",
        HelpName = string.Join('|', s_formats.Select(static one => one.Name)),
        DefaultValueFactory = static _ => s_formats[0].Name,
    };

    private static readonly Option<PathRelocation[]> Relocate = new("--relocate")
    {
        Description = "Give absolute paths at or below FROM the root TO; may be repeated, the first that fits counts",
        HelpName = "FROM=TO",
        CustomParser = ParseRelocations,
        DefaultValueFactory = static _ => [],
    };

    private static readonly Option<bool> Resolve = new("--resolve")
    {
        Description = "Make relative paths absolute, against the folder of the file that names them",
    };

    private static readonly Option<string?> Root = new("--root")
    {
        Description = "Root of the storage that checkpoints lie in [default: found by the file's place]",
        HelpName = "PATH|URI",
    };

    private static readonly Option<bool> AllowForeignRoots = new("--allow-foreign-roots")
    {
        Description = "With --resolve: follow relative paths that leave their folder, too",
    };

    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Replace files that are there already",
    };

    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object a line for each file and nothing else; 'error' is null if all went well",
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Format.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !s_formats.Any(one => one.Name == token.Value))
            {
                result.AddError(
                    $"Option --format has the value '{token.Value}'; it takes same, flink-2, flink-3 or native.");
            }
        });
        var show = new Command("show", "Shows what is in metadata files.") { ShownPath, Root, Json };
        show.SetAction((parsed, token) => Task.FromResult(Show(parsed, token)));
        var rewrite = new Command(
            "rewrite", "Writes metadata files again: in another format, or with other paths. State files stay.")
        {
            In, Out, Format, Relocate, Resolve, Root, AllowForeignRoots, Force, Json,
        };
        rewrite.SetAction((parsed, token) => Task.FromResult(Rewrite(parsed, token)));
        return new("metadata", "Shows and rewrites metadata of checkpoints: our own, and Flink's versions 1 to 7.")
        {
            show, rewrite,
        };
    }

    private static int Show(ParseResult parsed, CancellationToken cancellationToken)
    {
        var root = ReadRoot(parsed);
        var sources = Find("PATH", parsed.GetValue(ShownPath)!);
        var view = MetadataView.For(parsed.GetValue(Json), sources.IsFolder);
        return ForEach(sources, view, file => view.Shown(file), root, cancellationToken);
    }

    private static int Rewrite(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new RewriteOptions(
            s_formats.First(one => one.Name == parsed.GetValue(Format)).Format,
            parsed.GetValue(Relocate)!,
            ReadRoot(parsed),
            parsed.GetValue(Resolve),
            parsed.GetValue(AllowForeignRoots),
            parsed.GetValue(Force));
        var sources = Find("--in", parsed.GetValue(In)!);
        var target = RewriteTarget.Find(sources, FullPath("--in", parsed.GetValue(In)!), parsed.GetValue(Out)!);
        var view = MetadataView.For(parsed.GetValue(Json), sources.IsFolder);
        return ForEach(
            sources,
            view,
            file => view.Rewritten(file, RewrittenFile.Write(file, target.PathOf(file.Source), options)),
            options.Root,
            cancellationToken);
    }

    /// <summary>Goes through the files. What fails is told, and the next one is taken.</summary>
    private static int ForEach(
        MetadataSources sources,
        MetadataView view,
        Action<MetadataFile> act,
        string? root,
        CancellationToken cancellationToken)
    {
        var exitCode = ExitCodes.Success;
        foreach (var source in sources.Files)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                throw new ToolException("Stopped. What was written is whole.", ExitCodes.Interrupted);
            }

            try
            {
                act(MetadataFile.Read(source, root));
            }
            catch (MetadataFileException exception)
            {
                view.Failed(source, exception.Version, exception.Message);
                exitCode = ExitCodes.RunFailed;
            }
#pragma warning disable CA1031 // The edge of one file: a mistake of ours about it does not keep the others waiting.
            catch (Exception exception) when (exception is not ToolException)
#pragma warning restore CA1031
            {
                view.Failed(source, null, $"Unexpected failure ({exception.GetType().Name}): {exception.Message}");
                exitCode = ExitCodes.RunFailed;
            }
        }

        return exitCode;
    }

    private static MetadataSources Find(string name, string path)
    {
        _ = FullPath(name, path);
        return MetadataSources.Find(path);
    }

    private static string? ReadRoot(ParseResult parsed)
    {
        var root = parsed.GetValue(Root);
        try
        {
            _ = root is null ? null : CheckpointRoot.Spell(root);
            return root;
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(
                $"Option --root has the value '{root}', which is no path: {exception.Message}",
                ExitCodes.Usage,
                exception);
        }
    }

    private static PathRelocation[] ParseRelocations(ArgumentResult result)
    {
        var found = new List<PathRelocation>();
        foreach (var token in result.Tokens)
        {
            if (RelocationText.TryParse(token.Value, out var relocation))
            {
                found.Add(relocation);
            }
            else
            {
                result.AddError(
                    $"Option --relocate has the value '{token.Value}'; it takes FROM=TO, two absolute paths without"
                    + " '..', such as file:/old=s3://bucket/new.");
            }
        }

        return [.. found];
    }

    private static string FullPath(string name, string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException($"{name} is no path: {exception.Message}", ExitCodes.Usage, exception);
        }
    }
}
