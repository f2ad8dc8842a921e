using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

public sealed class RocksDbBackendFactoryTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task OpenAsync_First_SweepsOnlyFoldersOfDeadProcesses()
    {
        await using var living = await _bed.OpenAsync();
        Put(living, "a", "1");
        var dead = Directory.CreateDirectory(Path.Combine(_bed.WorkingDirectory, "job-op-0-dead")).FullName;
        await File.WriteAllTextAsync(Path.Combine(dead, "000012.sst"), "left", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(dead + ".lock", "", TestContext.Current.CancellationToken);
        var other = Directory.CreateDirectory(Path.Combine(_bed.WorkingDirectory, "not-ours")).FullName;

        await using var second = await new RocksDbBackendFactory(_bed.Options).OpenAsync(_bed.Context(), default);

        Directory.Exists(dead).Should().BeFalse();
        File.Exists(dead + ".lock").Should().BeFalse();
        Directory.Exists(other).Should().BeTrue("it has no lock file, so it is not ours");
        Get(living, "a").Should().Be("1");
        (await _bed.TakeAsync(living)).Handle.Should().NotBeNull();
    }

    [Fact]
    public async Task DisposeAsync_Idle_RemovesItsFolder()
    {
        var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        await backend.DisposeAsync();
        await backend.DisposeAsync();
        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task Members_AfterDispose_ThrowObjectDisposed()
    {
        var backend = await _bed.OpenAsync();
        var table = backend.GetTable("counts");
        table.Put(Key("a"), "1"u8);
        table.Put(Key("b"), "1"u8);
        var cursor = table.Scan([]);
        cursor.MoveNext().Should().BeTrue();
        await backend.DisposeAsync();

        Action[] calls =
        [
            () => table.Put(Key("a"), "1"u8),
            () => table.Append(Key("a"), "1"u8),
            () => table.Delete(Key("a")),
            () => table.TryGet(Key("a"), new()),
            () => table.Scan([]),
            () => backend.GetTable("counts"),
            () => backend.PrepareSnapshot(_bed.Request()),
        ];
        foreach (var call in calls)
        {
            call.Should().Throw<ObjectDisposedException>();
        }

        // The cursor keeps the database: never a crash.
        cursor.MoveNext().Should().BeTrue();
        cursor.Dispose();
        ((Action)(() => cursor.MoveNext())).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public async Task OpenAsync_JobAndOperatorOfAnyName_MakesAFolder()
    {
        var context = _bed.Context() with { Job = new string('ä', 150) + " :*?", Operator = "a:b c" };
        await using var backend = await _bed.Factory.OpenAsync(context, default);
        Put(backend, "a", "1");
        Get(backend, "a").Should().Be("1");
    }

    [Fact]
    public async Task OpenAsync_StateNamedDefault_IsKept()
    {
        await using var backend = await _bed.OpenAsync(states: ["default"]);
        Put(backend, "a", "1", "default");
        var taken = await _bed.TakeAsync(backend);
        await using var restored = await _bed.OpenAsync([taken.Handle!], states: ["default"]);
        Get(restored, "a", "default").Should().Be("1");
    }

    [Fact]
    public async Task OpenAsync_WorkingDirectoryIsAFile_SaysWhich()
    {
        var path = Path.Combine(_bed.Root, "file");
        await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
        var factory = new RocksDbBackendFactory(new() { WorkingDirectory = path });
        await ((Func<Task>)(async () => await factory.OpenAsync(_bed.Context(), default)))
            .Should().ThrowAsync<CheckpointStorageUnavailableException>().WithMessage($"*{path}*");
    }

    [Theory]
    [InlineData("WriteBufferSizeBytes")]
    [InlineData("BlockCacheBytes")]
    [InlineData("MaxOpenFiles")]
    [InlineData("TransferParallelism")]
    [InlineData("Compression")]
    [InlineData("Snapshots")]
    public void Constructor_SettingOutsideItsRange_NamesIt(string setting)
    {
        var options = new RocksDbBackendOptions { WorkingDirectory = "work" };
        var property = typeof(RocksDbBackendOptions).GetProperty(setting)!;
        property.SetValue(options, property.PropertyType.IsEnum
            ? Enum.ToObject(property.PropertyType, 99)
            : Convert.ChangeType(0, property.PropertyType));
        ((Action)(() => _ = new RocksDbBackendFactory(options))).Should().Throw<ArgumentException>()
            .WithMessage($"*{setting}*");
    }
}
