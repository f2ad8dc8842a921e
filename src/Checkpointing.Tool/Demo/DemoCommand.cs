using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointing.ZooKeeper;

namespace Checkpointing.Tool.Demo;

/// <summary>The command <c>demo</c>: its options, and what they mean.</summary>
internal static class DemoCommand
{
    private const int MaxParallelism = FlightsJob.MaxParallelism;

    private static readonly Option<string?> Dir = new("--dir")
    {
        Description = "Folder for checkpoints, working files and the output [default: a new temporary folder]",
        HelpName = "FOLDER",
    };

    private static readonly Option<string?> Input = new("--input")
    {
        Description = "CSV file 'date,delay,distance,origin,destination' [default: 20,000 US flights of 2001]",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Output = new("--output")
    {
        Description =
            "File for the daily means 'date,origin,flights,meanDelay', without a header [default: FOLDER/daily.csv]",
        HelpName = "FILE",
    };

    private static readonly Option<string> Backend = Choice("--backend", "Where live state is kept", "rocksdb", "heap");

    private static readonly Option<string> Snapshots =
        Choice(
            "--snapshots",
            "Whether RocksDB's checkpoints store only what is new (heap: always full)",
            "incremental",
            "full");

    private static readonly Option<string> Store =
        Choice("--store", "Where the list of completed checkpoints is kept", "standalone", "zookeeper");

    private static readonly Option<string?> ZooKeeper = new("--zookeeper")
    {
        Description = "Servers of --store zookeeper",
        HelpName = "HOST:PORT[,...]",
    };

    private static readonly Option<long> Generations =
        Number(
            "--generations", "G", "Jobs that share the work, each started from the last one's checkpoint", 1, 1_000, 3);

    private static readonly Option<int[]> Parallelism = new("--parallelism")
    {
        Description = "Subtasks of the keyed operators: one value, or one a generation, such as 2,3,1",
        HelpName = "P[,P...]",
        DefaultValueFactory = static _ => [2],
        CustomParser = ParseParallelism,
    };

    private static readonly Option<long?> Interval = new("--interval")
    {
        Description =
            "Milliseconds between periodic checkpoints, besides the one at a generation's end [default: none]",
        HelpName = "MS",
        CustomParser = static result => ParseNumber(result, 10, 86_400_000),
    };

    private static readonly Option<bool> Resume = new("--resume")
    {
        Description = "Go on from the newest completed checkpoint below FOLDER; from the beginning if there is none",
    };

    private static readonly Option<long> Replays =
        Number("--replays", "N", "Times the input is read, dates moved on by 90 days each time", 1, 10_000, 1);

    private static readonly Option<long?> Seed = new("--seed")
    {
        Description = "Seed of all random ids [default: the system's random generator]",
        HelpName = "N",
        CustomParser = static result => ParseNumber(result, 0, long.MaxValue),
    };

    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object and nothing else",
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "demo", "Runs a job over real flights: checkpoint, cancel, go on as a new job, and again.")
        {
            Dir, Input, Output, Backend, Snapshots, Store, ZooKeeper,
            Generations, Parallelism, Interval, Resume, Replays, Seed, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>What the command line asks for.</summary>
    /// <exception cref="ToolException">Options do not fit each other, or ask for what is not built yet.</exception>
    public static DemoOptions ReadOptions(ParseResult parsed)
    {
        var (generations, parallelism) = ((int)parsed.GetValue(Generations), parsed.GetValue(Parallelism)!);
        var (isInZooKeeper, servers) = (parsed.GetValue(Store) == "zookeeper", parsed.GetValue(ZooKeeper));
        Require(
            !isInZooKeeper || servers is not null,
            "--store zookeeper needs --zookeeper, the servers: host:port, several apart by commas.");
        Require(isInZooKeeper || servers is null, "--zookeeper needs --store zookeeper.");
        Require(
            parallelism.Length == 1 || parallelism.Length == generations,
            $"--parallelism has {parallelism.Length} values; "
            + $"give one, or one for each of the {generations} generations.");
        Require(!parsed.GetValue(Resume)
            || parsed.GetValue(Dir) is not null, "--resume needs --dir, the folder of the earlier run.");

        var folder = parsed.GetValue(Dir) is { } dir ? FullPath("--dir", dir) : NewTemporaryFolder();
        return new()
        {
            Input = parsed.GetValue(Input) is { } input
                ? FullPath("--input", input)
                : Path.Combine(AppContext.BaseDirectory, "Data", "flights-20k.csv"),
            Folder = folder,
            Output = parsed.GetValue(Output) is { } output
                ? FullPath("--output", output)
                : Path.Combine(folder, "daily.csv"),
            Backend = parsed.GetValue(Backend) == "heap" ? DemoBackend.Heap : DemoBackend.RocksDb,
            IsIncremental = parsed.GetValue(Snapshots) == "incremental",
            ZooKeeper = CheckServers(servers),
            Generations = generations,
            Parallelism = parallelism,
            Interval = parsed.GetValue(Interval) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null,
            Resume = parsed.GetValue(Resume),
            Replays = (int)parsed.GetValue(Replays),
            Seed = (ulong?)parsed.GetValue(Seed),
        };
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = ReadOptions(parsed);
        var view = DemoView.For(parsed.GetValue(Json));
        try
        {
            var report = await view.RunAsync(
                () => new DemoRunner(options, view).RunAsync(cancellationToken)).ConfigureAwait(false);
            view.Finish(report);
            return ExitCodes.Success;
        }
        catch (CheckpointStorageUnavailableException exception)
        {
            // The demo makes its storage and output itself: one that cannot be written is a run that failed.
            throw new ToolException(exception.Message, ExitCodes.RunFailed, exception);
        }
    }

    private static Option<string> Choice(string name, string description, string first, string second)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = $"{first}|{second}",
            DefaultValueFactory = _ => first,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != first && token.Value != second)
            {
                result.AddError($"Option {name} has the value '{token.Value}'; it takes {first} or {second}.");
            }
        });
        return option;
    }

    private static Option<long> Number(
        string name, string helpName, string description, long first, long last, long byDefault) =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => byDefault,
            CustomParser = result => ParseNumber(result, first, last) ?? 0,
        };

    private static long? ParseNumber(ArgumentResult result, long first, long last)
    {
        var text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= first
            && value <= last)
        {
            return value;
        }

        result.AddError(
            $"Option {NameOf(result)} has the value '{text}'; it takes a whole number from {first} to {last}.");
        return null;
    }

    private static int[] ParseParallelism(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var values = text.Split(',').Select(static part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0).ToArray();
        if (values.All(static value => value is >= 1 and <= MaxParallelism))
        {
            return values;
        }

        result.AddError(
            $"Option --parallelism has the value '{text}'; "
                + $"it takes whole numbers from 1 to {MaxParallelism}, such as 2 or 2,3,1.");
        return [];
    }

    private static string NameOf(ArgumentResult result) =>
        result.Parent is OptionResult { IdentifierToken.Value: var name } ? name : result.Argument.Name;

    private static string? CheckServers(string? servers)
    {
        try
        {
            if (servers is not null)
            {
                new ZooKeeperOptions { ConnectionString = servers }.Validate();
            }

            return servers;
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(
                $"Option --zookeeper has the value '{servers}'; it takes host:port, several apart by commas, and "
                + "perhaps a node behind them, such as a:2181,b:2181/node.",
                ExitCodes.Usage, exception);
        }
    }

    private static string FullPath(string option, string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException exception)
        {
            throw new ToolException(
                $"Option {option} has no path as its value: {exception.Message}", ExitCodes.Usage, exception);
        }
    }

    // Only named here; the run makes it, so that a wrong command line leaves nothing behind.
    private static string NewTemporaryFolder() =>
        Path.Combine(Path.GetTempPath(), $"checkpoints-demo-{IdSource.System.NewGuid():N}");

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new ToolException(sentence, ExitCodes.Usage);
        }
    }
}
