using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Sinks;

/// <summary>Every place a crash can leave the output and its parts in, and what the next start makes of it.</summary>
public sealed class TwoPhaseFileSinkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.File("out/rows.csv");

    private string Parts => Output + ".parts";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_FreshJob_BeginsWithHeaderOnlyAndRemovesOldParts()
    {
        Directory.CreateDirectory(Parts);
        File.WriteAllText(Output, "old rows\n");
        File.WriteAllText(Path.Combine(Parts, $"{Guid.NewGuid():N}-00000001-9-0-0-{Guid.NewGuid():N}.part"), "x");
        File.WriteAllText(Path.Combine(Parts, "mine.txt"), "kept");

        using (await OpenCommitterAsync(null, [], header: "a,b"))
        {
            File.ReadAllText(Output).Should().Be("a,b\n");
        }

        Directory.GetFiles(Parts).Select(Path.GetFileName).Should().Equal("mine.txt");
    }

    [Fact]
    public async Task Commit_PartsOfTwoCheckpoints_AppendsInOrderAndRemovesThem()
    {
        using var committer = await OpenCommitterAsync(null, []);
        var first = await PartAsync("a", "b");
        var second = await PartAsync("c");

        File.ReadAllText(Output).Should().BeEmpty("nothing is visible before it is committed");
        committer.Commit([first]);
        committer.Commit([second]);

        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
        Directory.GetFiles(Parts).Should().BeEmpty();
    }

    [Fact]
    public async Task Commit_JobMayNotCommitAnyMore_LeavesAllAsItIs()
    {
        using var committer = await OpenCommitterAsync(null, [], mayCommit: () => false);
        var part = await PartAsync("a");

        committer.Commit([part]);

        File.ReadAllText(Output).Should().BeEmpty();
        Directory.GetFiles(Parts).Should().ContainSingle();
    }

    [Fact]
    public async Task Open_CrashBeforeTheCommit_CommitsFromTheParts()
    {
        var (committed, parts) = await CommittedAndPendingAsync();

        using var committer = await OpenCommitterAsync(committed, parts);

        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
        Directory.GetFiles(Parts).Should().BeEmpty();
    }

    [Fact]
    public async Task Open_CrashInTheMiddleOfTheCommit_WritesTheSameBytesAgain()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.AppendAllText(Output, "b");

        using var committer = await OpenCommitterAsync(committed, parts);

        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
    }

    [Fact]
    public async Task Open_CrashAfterOnePartWasRemoved_TakesItFromTheOutput()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.AppendAllText(Output, "b\nc\n");
        File.Delete(Path.Combine(Parts, parts[0].Name));

        using var committer = await OpenCommitterAsync(committed, parts);

        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
    }

    [Fact]
    public async Task Open_CommittedAndGoneOn_TakesTheOutputBackToTheCheckpoint()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.AppendAllText(Output, "b\nc\nrows of a later checkpoint\n");
        Directory.Delete(Parts, recursive: true);

        using (var committer = await OpenCommitterAsync(committed, parts))
        {
            File.ReadAllText(Output).Should().Be("a\nb\nc\n");
        }

        // And once more, as a crash right after it would have it.
        using var again = await OpenCommitterAsync(committed, parts);
        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
    }

    [Fact]
    public async Task Check_CommittedAndGoneOnAndRowsMayNotBeTakenBack_RefusesAndChangesNothing()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.AppendAllText(Output, "b\nc\nlater\n");
        Directory.Delete(Parts, recursive: true);

        var opening = () => OpenCommitterAsync(committed, parts, fallBack: SinkFallBack.Refuse);

        (await opening.Should().ThrowAsync<SinkOutputException>()).Which.Expected.Should().Be("at most 6 bytes");
        File.ReadAllText(Output).Should().Be("a\nb\nc\nlater\n");
    }

    [Theory]
    [InlineData("")]
    [InlineData("b\n")]
    [InlineData("b\nc\n")]
    public async Task Check_CrashAnywhereInTheCommitAndRowsMayNotBeTakenBack_IsNoFallingBack(string written)
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.AppendAllText(Output, written);

        using var committer = await OpenCommitterAsync(committed, parts, fallBack: SinkFallBack.Refuse);

        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("a,", false)]
    [InlineData("a,b\n", false)]
    [InlineData("a,b\nrow\n", true)]
    [InlineData("x", true)]
    public async Task Check_NewJobAndRowsMayNotBeTakenBack_RefusesAFileWithRows(string? content, bool isRefused)
    {
        if (content is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Output)!);
            File.WriteAllText(Output, content);
        }

        var opening = async () =>
        {
            using var committer = await OpenCommitterAsync(null, [], "a,b", fallBack: SinkFallBack.Refuse);
        };

        if (isRefused)
        {
            await opening.Should().ThrowAsync<SinkOutputException>();
            File.ReadAllText(Output).Should().Be(content);
        }
        else
        {
            await opening();
            File.ReadAllText(Output).Should().Be("a,b\n");
        }
    }

    [Fact]
    public async Task Open_PartNeitherThereNorInTheOutput_RefusesAndChangesNothing()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.AppendAllText(Output, "b\nX\n");
        Directory.Delete(Parts, recursive: true);

        var opening = () => OpenCommitterAsync(committed, parts);

        (await opening.Should().ThrowAsync<SinkOutputException>()).Which.Path.Should().Be(Output);
        File.ReadAllText(Output).Should().Be("a\nb\nX\n");
    }

    [Fact]
    public async Task Open_OutputShorterThanCommitted_RefusesAndChangesNothing()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.WriteAllText(Output, "");

        var opening = () => OpenCommitterAsync(committed, parts);

        await opening.Should().ThrowAsync<SinkOutputException>()
            .WithMessage("*expected at least 2 bytes, found 0 bytes*");
        Directory.GetFiles(Parts).Should().HaveCount(2);
    }

    [Fact]
    public async Task Open_DamagedPart_IsNotBelieved()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        File.WriteAllText(Path.Combine(Parts, parts[1].Name), "X\n");

        var opening = () => OpenCommitterAsync(committed, parts);

        await opening.Should().ThrowAsync<SinkOutputException>();
        File.ReadAllText(Output).Should().Be("a\n");
    }

    [Fact]
    public async Task Open_Restored_RemovesUnlistedPartsOfEarlierLivesButNoneOfNewerOnes()
    {
        var (committed, parts) = await CommittedAndPendingAsync();
        await PartAsync(epoch: 1, "unlisted");
        var newer = await PartAsync(epoch: 3, "of who has taken over");

        using var committer = await OpenCommitterAsync(committed, parts, epoch: 2);

        Directory.GetFiles(Parts).Select(Path.GetFileName).Should().Equal(newer.Name);
        File.ReadAllText(Output).Should().Be("a\nb\nc\n");
    }

    [Fact]
    public async Task Commit_PartsGoneButBytesThere_IsDoneAlready()
    {
        using var committer = await OpenCommitterAsync(null, []);
        var part = await PartAsync("a");
        File.WriteAllText(Output, "a\n");
        Directory.Delete(Parts, recursive: true);

        committer.Commit([part]);

        File.ReadAllText(Output).Should().Be("a\n");
    }

    [Fact]
    public async Task Writer_DisposedBeforeTheBarrier_LeavesNoPart()
    {
        using var committer = await OpenCommitterAsync(null, []);
        using (var writer = new TwoPhaseFileSink<string>(Output, static row => row).CreateWriter())
        {
            writer.Open(await ContextAsync(1, []));
            writer.Write("half", new(0));
            Directory.GetFiles(Parts).Should().ContainSingle();
        }

        Directory.GetFiles(Parts).Should().BeEmpty();
    }

    [Fact]
    public async Task Writer_NothingWritten_HandsNothingOver()
    {
        using var writer = new TwoPhaseFileSink<string>(Output, static row => row).CreateWriter();
        writer.Open(await ContextAsync(1, []));

        writer.Prepare(new(1)).Should().BeEmpty();
        Directory.Exists(Parts).Should().BeFalse();
    }

    [Fact]
    public async Task Open_OutputCannotBeWritten_SaysSoInOneSentence()
    {
        File.WriteAllText(_folder.File("out"), "a file where the folder should be");

        var opening = () => OpenCommitterAsync(null, []);

        await opening.Should().ThrowAsync<CheckpointStorageUnavailableException>()
            .WithMessage($"'{Output}' cannot be written: *");
    }

    [Fact]
    public void PartFileSerializer_Value_ComesBack()
    {
        var part = new PartFile("näme.part", 17, new(UInt128.MaxValue - 5));
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();

        PartFile.Serializer.Write(part, bytes);

        PartFile.Serializer.Read(bytes.WrittenSpan).Should().Be(part);
    }

    /// <summary>An output of one committed row, and two parts of one row each that the checkpoint has
    /// pending.</summary>
    private async Task<(long Committed, PartFile[] Pending)> CommittedAndPendingAsync()
    {
        using var committer = await OpenCommitterAsync(null, []);
        committer.Commit([await PartAsync("a")]);
        return (2, [await PartAsync("b"), await PartAsync("c")]);
    }

    private Task<PartFile> PartAsync(params string[] rows) => PartAsync(1, rows);

    private async Task<PartFile> PartAsync(long epoch, params string[] rows)
    {
        using var writer = new TwoPhaseFileSink<string>(Output, static row => row).CreateWriter();
        writer.Open(await ContextAsync(epoch, []));
        foreach (var row in rows)
        {
            writer.Write(row, new(0));
        }

        return writer.Prepare(new(1)).Single();
    }

    private async Task<SinkCommitter<PartFile>> OpenCommitterAsync(
        long? committed, IReadOnlyList<PartFile> pending, string? header = null, long epoch = 2,
        Func<bool>? mayCommit = null, SinkFallBack fallBack = SinkFallBack.TakeBack)
    {
        var committer = new TwoPhaseFileSink<string>(Output, static row => row)
        {
            Header = header,
            FallBack = fallBack,
        }.CreateCommitter();
        var context = await ContextAsync(epoch, committer.States, mayCommit);
        if (committed is { } length)
        {
            context.State.GetState((OperatorListStateDescriptor<long>)committer.States[0]).Replace([length]);
        }

        try
        {
            committer.Check(context, pending);
            committer.Open(context, pending);
            return committer;
        }
        catch
        {
            committer.Dispose();
            throw;
        }
    }

    private static Task<SinkContext> ContextAsync(
        long epoch, IReadOnlyList<StateDescriptor> states, Func<bool>? mayCommit = null) =>
        SubtaskContexts.SinkContextAsync(SubtaskContexts.Of(epoch: epoch, mayCommit: mayCommit), states);
}
