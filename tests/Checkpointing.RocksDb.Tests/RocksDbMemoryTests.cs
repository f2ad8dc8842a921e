using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.State;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

public sealed class RocksDbMemoryTests : IDisposable
{
    private const int Backends = 32;
    private const int Rows = 2_000;
    private const int ValueBytes = 1_000;
    private const long Budget = 32L << 20;

    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    // 64 MB of rows: alone, each backend would keep its 2 MB in memory, and may take 32 MB for blocks.
    [Fact]
    public async Task Write_32BackendsOfOneBudget_StaysInIt()
    {
        using var memory = new RocksDbMemory(new() { BudgetBytes = Budget });
        var most = await RunAsync(memory);

        // Once the files under way are written; before, a slow disk may hold more in memory.
        most.WriteBufferBytes.Should().BeLessThanOrEqualTo(Budget / 2);
        most.BlockCacheBytes.Should().BePositive().And.BeLessThanOrEqualTo(Budget / 2);
        most.Databases.Should().Be(Backends);
        memory.GetUsage().Should().Be(new RocksDbMemoryUsage(0, 0, 0));
    }

    // What the first test would measure if the budget did nothing.
    [Fact]
    public async Task Write_32BackendsOfAHugeBudget_NeedMore()
    {
        using var memory = new RocksDbMemory(new() { BudgetBytes = 100 * Budget });
        var most = await RunAsync(memory);

        most.WriteBufferBytes.Should().BeGreaterThan(Budget);
    }

    [Fact]
    public async Task Open_AfterDispose_Throws()
    {
        var memory = new RocksDbMemory(new());
        _bed.Options.Memory = memory;
        await using var open = await new RocksDbBackendFactory(_bed.Options).OpenAsync(_bed.Context(), default);
        memory.Dispose();

        var act = async () => await new RocksDbBackendFactory(_bed.Options).OpenAsync(_bed.Context(), default);

        await act.Should().ThrowAsync<ObjectDisposedException>();
        open.GetTable("counts").Put(Key("a"), "1"u8);
        open.GetTable("counts").TryGet(Key("a"), new ArrayBufferWriter<byte>()).Should().BeTrue();
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(long.MaxValue, 0.5)]
    [InlineData(Budget, 0.05)]
    [InlineData(Budget, double.NaN)]
    public void Make_OutsideRange_Throws(long budget, double share)
    {
        var act = () => new RocksDbMemory(new() { BudgetBytes = budget, WriteBufferShare = share });

        act.Should().Throw<ArgumentException>();
    }

    private async Task<RocksDbMemoryUsage> RunAsync(RocksDbMemory memory)
    {
        _bed.Options.Memory = memory;
        var factory = new RocksDbBackendFactory(_bed.Options);
        var backends = new List<KeyedStateBackend>();
        var most = default(RocksDbMemoryUsage);
        try
        {
            for (var i = 0; i < Backends; i++)
            {
                backends.Add(await factory.OpenAsync(_bed.Context(), default));
            }

            var tables = backends.ConvertAll(static backend => backend.GetTable("counts"));
            var value = new byte[ValueBytes];
            var random = new Random(1);
            var target = new ArrayBufferWriter<byte>(ValueBytes);
            for (var row = 0; row < Rows; row++)
            {
                random.NextBytes(value);
                foreach (var table in tables)
                {
                    table.Put(KeyOf(row), value);
                    target.ResetWrittenCount();
                    table.TryGet(KeyOf(random.Next(row + 1)), target).Should().BeTrue();
                }

                most = most with
                {
                    BlockCacheBytes = Math.Max(most.BlockCacheBytes, memory.GetUsage().BlockCacheBytes),
                };
            }

            most = most with
            {
                WriteBufferBytes = await SettleAsync(memory, tables), Databases = memory.GetUsage().Databases,
            };
        }
        finally
        {
            foreach (var backend in backends)
            {
                await backend.DisposeAsync();
            }
        }

        return most;
    }

    /// <summary>Bytes in write buffers once they are below the budget; after a deadline, whatever they are.</summary>
    /// <remarks>RocksDB looks at the budget only when somebody writes.</remarks>
    private static async Task<long> SettleAsync(RocksDbMemory memory, List<KeyedStateTable> tables)
    {
        const int MaxLooks = 2_400;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var used = memory.GetUsage().WriteBufferBytes;
        for (var look = 0; look < MaxLooks && used > memory.WriteBufferBudgetBytes; look++)
        {
            await timer.WaitForNextTickAsync();
            tables.ForEach(static table => table.Put(KeyOf(0), "1"u8));
            used = memory.GetUsage().WriteBufferBytes;
        }

        return used;
    }

    private static byte[] KeyOf(int row)
    {
        var key = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(key, row);
        return Key(0, key);
    }
}
