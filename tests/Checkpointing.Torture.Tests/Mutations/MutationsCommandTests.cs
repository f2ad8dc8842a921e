using System.Text.Json;
using Checkpointing.Torture.Broken;
using Checkpointing.Torture.Mutations;

namespace Checkpointing.Torture.Tests.Mutations;

public sealed class MutationsCommandTests : IDisposable
{
    private const string Deciding = "SharedState/SharedStateRegistry.cs";
    private const string Other = "Metadata/MetadataRules.cs";

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mutation-report-{Guid.NewGuid():N}.json");

    private string Tried => $"{_file}.tried";

    public void Dispose()
    {
        File.Delete(_file);
        File.Delete(Tried);
    }

    [Fact]
    public void Mutations_EnoughAreKilled_PassesWithItsCounters()
    {
        Write((Deciding, "Killed"), (Deciding, "Timeout"), (Deciding, "Ignored"), (Other, "Killed"),
            (Other, "Killed"), (Other, "Killed"), (Other, "Killed"), (Other, "Killed"), (Other, "Killed"),
            (Other, "NoCoverage"), (Other, "CompileError"));

        var (exitCode, report) = Run();

        exitCode.Should().Be(0);
        var counters = report.GetProperty("counters");
        counters.GetProperty("mutants").GetInt32().Should().Be(9, "what was not tried does not count");
        counters.GetProperty("killed").GetInt32().Should().Be(8);
        counters.GetProperty("lived").GetInt32().Should().Be(1);
        counters.GetProperty("score").GetDouble().Should().Be(88.9);
        counters.GetProperty("score.Metadata").GetDouble().Should().Be(85.7);
        counters.GetProperty("deciding.mutants").GetInt32().Should().Be(2);
    }

    [Fact]
    public void Mutations_OneLivesThatDecidesDeletion_FailsAndShowsIt()
    {
        Write([(Deciding, "Survived"), .. Enumerable.Repeat((Deciding, "Killed"), 99)]);

        var (exitCode, report) = Run();

        exitCode.Should().Be(1);
        report.GetProperty("failures")[0].GetProperty("What").GetString().Should()
            .Contain($"{Deciding}:2 Boolean mutation: a && b => a || b");
    }

    [Fact]
    public void Mutations_TooFewOfOneConcept_Fails()
    {
        Write([(Other, "NoCoverage"), (Other, "Killed"), .. Enumerable.Repeat((Deciding, "Killed"), 99)]);

        var (exitCode, report) = Run();

        exitCode.Should().Be(1);
        report.GetProperty("failures")[0].GetProperty("What").GetString().Should().StartWith("Metadata: 50 of 100");
    }

    [Fact]
    public void Mutations_TriedBefore_TakesThoseResults()
    {
        Write([.. Enumerable.Repeat((Deciding, "NoCoverage"), 100)]);
        File.WriteAllLines(Tried, Enumerable.Range(0, 100).Select(id =>
            $$"""{"Id":{{id}},"File":"{{Deciding}}","Status":"{{(id == 7 ? "Survived" : "Killed")}}","By":""}"""));

        var (exitCode, report) = Run("--tests", "none.dll");

        exitCode.Should().Be(1);
        report.GetProperty("counters").GetProperty("killed").GetInt32().Should().Be(99);
    }

    [Fact]
    public void Mutations_NoneDecidesDeletion_Fails()
    {
        Write((Other, "Killed"));

        Run().ExitCode.Should().Be(1);
    }

    // So that neither list names what has moved.
    [Fact]
    public void Lists_NameWhatIsThere()
    {
        var core = Path.Combine(RepositoryRoot(), "src", "Checkpointing");

        MutationJudgement.DecideDeletion.Should().AllSatisfy(
            file => File.Exists(Path.Combine(core, file)).Should().BeTrue(file));
        foreach (var mutant in EquivalentMutant.All)
        {
            Mutant.OnOneLine(File.ReadAllText(Path.Combine(core, mutant.File))).Should().Contain(mutant.Original);
        }
    }

    private static string RepositoryRoot() => BrokenRun.FindRoot()!;

    private void Write(params (string File, string Status)[] mutants) =>
        File.WriteAllText(_file, JsonSerializer.Serialize(new
        {
            schemaVersion = "2",
            files = mutants.GroupBy(static m => m.File).ToDictionary(
                static file => $"/somewhere/src/Checkpointing/{file.Key}",
                static file => new
                {
                    source = "first line\n  if (a\n    && b)\n",
                    mutants = file.Select(static (mutant, index) => new
                    {
                        id = $"{index}",
                        mutatorName = "Boolean mutation",
                        replacement = "a || b",
                        location = new
                        {
                            start = new { line = 2, column = 7 },
                            end = new { line = 3, column = 9 },
                        },
                        status = mutant.Status,
                    }),
                }),
        }));

    private (int ExitCode, JsonElement Report) Run(params string[] more)
    {
        var output = new StringWriter { NewLine = "\n" };
        var exitCode = TortureCommandLine.Run(["mutations", "--report", _file, "--json", .. more], output);
        return (exitCode, JsonDocument.Parse(output.ToString()).RootElement);
    }
}
