using Checkpointing.Hosting.Execution;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.ZooKeeper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Checkpointing.Hosting.Tests.GenericHost;

/// <summary>Settings from code and configuration, and what is said about those that will not do.</summary>
public sealed class ServiceSettingsTests : IDisposable
{
    private readonly ServiceFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("Interval", "00:00:00.005", "Checkpointing:Interval is 00:00:00.005; it must be at least 10 ms.")]
    [InlineData("MinPause", "-00:00:01", "Checkpointing:MinPause is -00:00:01; it must be 0 to 365 days.")]
    [InlineData("Timeout", "00:00:00", "Checkpointing:Timeout is 00:00:00; it must be at least 1 ms.")]
    [InlineData("MaxConcurrent", "0", "Checkpointing:MaxConcurrent is 0; it must be 1 to 100.")]
    [InlineData("MaxRetainedCheckpoints", "1001",
        "Checkpointing:MaxRetainedCheckpoints is 1001; it must be 1 to 1,000.")]
    [InlineData("TolerableFailures", "-1", "Checkpointing:TolerableFailures is -1; it must be at least 0.")]
    [InlineData("ScrubBytesPerSecond", "5", "Checkpointing:ScrubBytesPerSecond is 5; it must be at least 1,024.")]
    [InlineData("Parallelism", "0", "Checkpointing:Parallelism is 0; it must be 1 to 32,768.")]
    [InlineData("SavepointTarget", " ",
        "Checkpointing:SavepointTarget is  ; it must be a folder below the storage's root.")]
    [InlineData("RecordsPerBatch", "0", "Checkpointing:RecordsPerBatch is 0; it must be 1 to 65,536.")]
    [InlineData("StopTimeout", "00:00:00", "Checkpointing:StopTimeout is 00:00:00; it must be at least 1 ms.")]
    [InlineData("Jobs:flights:Interval", "00:00:00",
        "Checkpointing:Jobs:flights:Interval is 00:00:00; it must be at least 10 ms.")]
    [InlineData("RestartStrategy:Kind", "Often",
        "Checkpointing:RestartStrategy:Kind is 'Often'; it must be None*FixedDelay*.")]
    [InlineData("RestartStrategy:MaxFailures", "0",
        "Checkpointing:RestartStrategy:MaxFailures is 0; it must be 1 to 1,000.")]
    [InlineData("RestartStrategy:Attempts", "many",
        "Checkpointing:RestartStrategy:Attempts is 'many'; it must be a whole number of at most 2,147,483,647.")]
    [InlineData("Interval", "10", "Checkpointing:Interval is '10'; it must be a time such as 00:00:10.")]
    [InlineData("Timeout", "", "Checkpointing:Timeout is ''; it must be a time such as 00:00:10.")]
    [InlineData("MaxConcurrent", "two",
        "Checkpointing:MaxConcurrent is 'two'; it must be a whole number of at most 2,147,483,647.")]
    [InlineData("ScrubBytesPerSecond", "fast",
        "Checkpointing:ScrubBytesPerSecond is 'fast'; it must be a whole number.")]
    [InlineData("AllowNonRestoredState", "1",
        "Checkpointing:AllowNonRestoredState is '1'; it must be true or false.")]
    [InlineData("OnShutdown", "2",
        "Checkpointing:OnShutdown is '2'; it must be Checkpoint, StopWithSavepoint, Suspend or Cancel.")]
    [InlineData("Interval:Seconds", "10", "Checkpointing:Interval is a section; it must be a time such as 00:00:10.")]
    [InlineData("Jobs:flights:OperatorParallelism:totals", "x",
        "Checkpointing:Jobs:flights:OperatorParallelism:totals is 'x'; it must be a whole number*")]
    public async Task StartAsync_SettingThatWillNotDo_StopsTheStartWithOneSentence(
        string key, string value, string sentence)
    {
        _fixture.Settings["Checkpointing:" + key] = value;
        using var host = _fixture.Build(
            c => c.AddJob("flights", _ => throw new InvalidOperationException("too early")));

        var starting = () => host.StartAsync(_fixture.Deadline);

        (await starting.Should().ThrowAsync<OptionsValidationException>()).Which.Message.Should().Match(sentence);
    }

    [Fact]
    public async Task StartAsync_SeveralMistakes_AreNamedAtOnceAndEachOnce()
    {
        _fixture.Settings["Checkpointing:Interval"] = "00:00:00.005";
        _fixture.Settings["Checkpointing:MaxConcurrent"] = "x";
        _fixture.Settings["Checkpointing:Jobs:a:Parallelism"] = "-1";
        using var host = _fixture.Build(c => c
            .AddJob("a", _ => throw new InvalidOperationException("too early"))
            .AddJob("b", _ => throw new InvalidOperationException("too early")));

        var starting = () => host.StartAsync(_fixture.Deadline);

        (await starting.Should().ThrowAsync<OptionsValidationException>()).Which.Failures.Should().BeEquivalentTo(
            "Checkpointing:MaxConcurrent is 'x'; it must be a whole number of at most 2,147,483,647.",
            "Checkpointing:Interval is 00:00:00.005; it must be at least 10 ms.",
            "Checkpointing:Jobs:a:Parallelism is -1; it must be 1 to 32,768.");
    }

    [Fact]
    public async Task StartAsync_ValueFromCodeOutOfRange_IsNamedWhereItCanBeSet()
    {
        using var host = _fixture.Build(c => c.AddJob(
            "flights", _ => throw new InvalidOperationException("too early"),
            job => job.Checkpoints.Interval = TimeSpan.FromMilliseconds(5)));

        var starting = () => host.StartAsync(_fixture.Deadline);

        (await starting.Should().ThrowAsync<OptionsValidationException>()).WithMessage(
            "Checkpointing:Jobs:flights:Interval is 00:00:00.005; it must be at least 10 ms.");
    }

    [Fact]
    public async Task StartAsync_NoStorage_SaysWhatToCall()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.Services.AddCheckpointing();
        using var host = builder.Build();

        var starting = () => host.StartAsync(_fixture.Deadline);

        (await starting.Should().ThrowAsync<OptionsValidationException>()).WithMessage("*call UseFileSystemStorage*");
    }

    [Theory]
    [InlineData("RocksDb:WriteBufferSizeBytes", "5",
        "Checkpointing:RocksDb:WriteBufferSizeBytes is 5; it must be 65,536 to 1,073,741,824.")]
    [InlineData("RocksDb:WorkingDirectory", "",
        "Checkpointing:RocksDb:WorkingDirectory is empty; it must be a folder for live databases.")]
    [InlineData("RocksDb:Compression", "Zip", "Checkpointing:RocksDb:Compression is 'Zip'; it must be *Lz4*.")]
    [InlineData("ZooKeeper:SessionTimeout", "00:00:00.001",
        "Checkpointing:ZooKeeper:SessionTimeout is 00:00:00.001; it must be 100 ms to 10 minutes.")]
    [InlineData("ZooKeeper:ConnectionString", "",
        "Checkpointing:ZooKeeper:ConnectionString is empty; it must be a list of servers such as *")]
    [InlineData("ZooKeeper:Digest", "nobody", "Checkpointing:ZooKeeper:Digest has the form user:password.")]
    [InlineData("FileSystem:Root", "",
        "Checkpointing:FileSystem:Root is empty; it must be the folder to store checkpoints in.")]
    [InlineData("FileSystem:ReservedBytes", "-1",
        "Checkpointing:FileSystem:ReservedBytes is -1; it must be at least 0.")]
    public async Task StartAsync_ComponentsSettingThatWillNotDo_StopsTheStart(string key, string value, string sentence)
    {
        _fixture.Settings["Checkpointing:" + key] = value;
        using var host = _fixture.Build(c => c
            .UseFileSystemStorage(_fixture.File("checkpoints"))
            .UseRocksDbBackend(options => options.WorkingDirectory = _fixture.File("work"))
            .UseZooKeeperStore("localhost:1"));

        var starting = () => host.StartAsync(_fixture.Deadline);

        (await starting.Should().ThrowAsync<OptionsValidationException>()).Which.Message.Should().Match(sentence);
    }

    [Fact]
    public async Task StartAsync_UnknownKeys_AreNamedInWarnings()
    {
        _fixture.Settings["Checkpointing:Intervall"] = "00:00:10";
        _fixture.Settings["Checkpointing:Colour"] = "blue";
        _fixture.Settings["Checkpointing:Jobs:a:Name"] = "b";
        _fixture.Settings["Checkpointing:Jobs:flight:Parallelism"] = "2";
        _fixture.Settings["Checkpointing:RocksDb:BlockCacheByte"] = "1000000";
        using var host = _fixture.Build(c => c
            .UseRocksDbBackend(options => options.WorkingDirectory = _fixture.File("work"))
            .AddJob("a", _ => _fixture.Define(new ListSource<Order>([]))));

        await host.StartAsync(_fixture.Deadline);
        await host.StopAsync(_fixture.Deadline);

        _fixture.Log.Warnings.Should().BeEquivalentTo(
            "Checkpointing:Intervall is no setting and was ignored; Interval is one.",
            "Checkpointing:Colour is no setting and was ignored.",
            "Checkpointing:Jobs:a:Name is no setting and was ignored.",
            "Checkpointing:Jobs:flight is no job of this service and was ignored; its jobs: a.",
            "Checkpointing:RocksDb:BlockCacheByte is no setting and was ignored; BlockCacheBytes is one.");
    }

    [Fact]
    public void Options_FromCodeAndConfiguration_TheMoreSpecialThenTheConfigurationCounts()
    {
        _fixture.Settings["Checkpointing:Interval"] = "00:00:10";
        _fixture.Settings["Checkpointing:Parallelism"] = "4";
        _fixture.Settings["Checkpointing:MaxRetainedCheckpoints"] = "3";
        _fixture.Settings["Checkpointing:Retention"] = "always";
        _fixture.Settings["Checkpointing:BatchesPerChannel"] = "8";
        _fixture.Settings["Checkpointing:Jobs:a:Parallelism"] = "2";
        _fixture.Settings["Checkpointing:Jobs:a:OnShutdown"] = "Suspend";
        _fixture.Settings["Checkpointing:Jobs:a:Interval"] = "";
        _fixture.Settings["Checkpointing:Jobs:a:OperatorParallelism:totals"] = "7";
        _fixture.Settings["Checkpointing:Jobs:a:RestartStrategy:Kind"] = "FixedDelay";
        _fixture.Settings["Checkpointing:Jobs:a:RestartStrategy:Delay"] = "00:00:05";
        using var host = _fixture.Build(c => c
            .ConfigureHost(options => (options.BatchesPerChannel, options.RecordsPerBatch) = (2, 3))
            .ConfigureJobs(job => (job.Parallelism, job.SavepointTarget) = (9, "kept"))
            .AddJob("a", _ => throw new InvalidOperationException("too early"), job => job.Parallelism = 3)
            .AddJob("b", _ => throw new InvalidOperationException("too early"), job => job.Parallelism = 3)
            .AddJob("c", _ => throw new InvalidOperationException("too early")));

        var settings = host.Services.GetRequiredService<IOptions<Hosting.GenericHost.ServiceSettings>>().Value;

        settings.Warnings.Should().BeEmpty();
        settings.Host.BatchesPerChannel.Should().Be(8, "the configuration is stronger than code");
        settings.Host.RecordsPerBatch.Should().Be(3);
        var (a, b, c) = (settings.Jobs["a"], settings.Jobs["b"], settings.Jobs["c"]);
        a.Parallelism.Should().Be(2, "the job's configuration is stronger than the job's code");
        b.Parallelism.Should().Be(3, "the job's code is stronger than the configuration of all");
        c.Parallelism.Should().Be(4, "the configuration of all is stronger than the code of all");
        a.Checkpoints.Interval.Should().BeNull("an empty text switches it off");
        b.Checkpoints.Interval.Should().Be(TimeSpan.FromSeconds(10));
        (a.OnShutdown, b.OnShutdown).Should().Be((ShutdownAction.Suspend, ShutdownAction.Checkpoint));
        a.Checkpoints.MaxRetainedCheckpoints.Should().Be(3);
        (a.Retention, a.Checkpoints.Retention).Should().Be((CheckpointRetention.Always, CheckpointRetention.Always));
        a.SavepointTarget.Should().Be("kept");
        a.OperatorParallelism.Should().ContainKey("totals").WhoseValue.Should().Be(7);
        a.RestartStrategy!.Decide(RestartHistory.Empty, DateTimeOffset.UnixEpoch, 0.5)!.Delay.Should()
            .Be(TimeSpan.FromSeconds(5));
        b.RestartStrategy.Should().BeNull();
        settings.Jobs.Select(job => job.Value.Name).Should().Equal("a", "b", "c");
    }

    [Theory]
    [InlineData("None", null)]
    [InlineData("FixedDelay", 2)]
    [InlineData("ExponentialDelay", 3)]
    [InlineData("FailureRate", 2)]
    public void RestartStrategy_OfEachKind_CanBeConfigured(string kind, int? firstDelaySeconds)
    {
        _fixture.Settings["Checkpointing:RestartStrategy:Kind"] = kind;
        _fixture.Settings["Checkpointing:RestartStrategy:Delay"] = "00:00:02";
        _fixture.Settings["Checkpointing:RestartStrategy:InitialDelay"] = "00:00:03";
        using var host = _fixture.Build(c => c.AddJob("a", _ => throw new InvalidOperationException("too early")));

        var settings = host.Services.GetRequiredService<IOptions<Hosting.GenericHost.ServiceSettings>>().Value;

        var first = settings.Jobs["a"].RestartStrategy!.Decide(RestartHistory.Empty, DateTimeOffset.UnixEpoch, 0.5);
        ((int?)first?.Delay.TotalSeconds).Should().Be(firstDelaySeconds);
    }

    [Fact]
    public void Interval_NotSet_IsThatOfAService()
    {
        using var host = _fixture.Build(c => c.AddJob("a", _ => throw new InvalidOperationException("too early")));

        host.Services.GetRequiredService<IOptions<Hosting.GenericHost.ServiceSettings>>().Value.Jobs["a"].Checkpoints
            .Interval.Should().Be(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void AddCheckpointing_Twice_IsRefused()
    {
        var services = new ServiceCollection();
        services.AddCheckpointing();

        var again = () => services.AddCheckpointing();

        again.Should().Throw<InvalidOperationException>().WithMessage("AddCheckpointing was called before*");
    }

    [Fact]
    public void AddJob_NameTwice_IsRefused()
    {
        var builder = new ServiceCollection().AddCheckpointing()
            .AddJob("a", _ => throw new InvalidOperationException("too early"));

        var again = () => builder.AddJob("a", _ => throw new InvalidOperationException("too early"));

        again.Should().Throw<ArgumentException>().WithMessage("There is a job 'a' already.*");
    }
}
