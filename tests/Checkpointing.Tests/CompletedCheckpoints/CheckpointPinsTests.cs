using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class CheckpointPinsTests
{
    private const string Checkpoint = "job/chk-1";
    private const string Pin = $"{Checkpoint}/pins/a";

    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public async Task IsPinnedAsync_TheHolderNamesIt_Holds()
    {
        await HoldAsync(Pin);
        await CheckpointPins.WriteAsync(_storage, Pin, "reader", default);

        (await IsPinnedAsync()).Should().BeTrue();

        (await CheckpointPins.ReadHolderAsync(_storage, Pin, default)).Should().Be("reader");
    }

    [Theory]
    [InlineData("reader\nxxh128:1f")]
    [InlineData("reader\n")]
    public async Task ReadHolderAsync_NotWhole_IsCorrupt(string content)
    {
        await WriteAsync(Pin, Encoding.UTF8.GetBytes(content));

        await FluentActions.Awaiting(() => CheckpointPins.ReadHolderAsync(_storage, Pin, default).AsTask())
            .Should().ThrowAsync<CheckpointCorruptException>();
    }

    [Fact]
    public async Task IsPinnedAsync_TheHolderDoesNotNameIt_DeletesIt()
    {
        await HoldAsync("other/chk-1/pins/a");
        await CheckpointPins.WriteAsync(_storage, Pin, "reader", default);

        (await IsPinnedAsync()).Should().BeFalse();

        (await _storage.GetLengthAsync(Pin, default)).Should().BeNull();
    }

    [Fact]
    public async Task IsPinnedAsync_AnyFlippedBit_Holds()
    {
        await HoldAsync(Pin);
        await CheckpointPins.WriteAsync(_storage, Pin, "reader", default);
        var good = await _storage.ReadAllAsync(Pin, 1000, default);
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            await WriteAsync(Pin, bad);

            (await IsPinnedAsync()).Should().BeTrue("bit {0} is flipped", bit);
        }
    }

    [Fact]
    public async Task IsPinnedAsync_TheStorageGivesTooFewBytes_Holds()
    {
        await HoldAsync(Pin);
        await CheckpointPins.WriteAsync(_storage, Pin, "reader", default);
        foreach (var fault in new[] { FaultKind.NotFound, FaultKind.CutRead, FaultKind.BitFlip, FaultKind.Denied })
        {
            for (var number = 1; number <= 8; number++)
            {
                var faulty = new FaultyStorage(_storage, FaultPlan.At(new PlannedFault(number, fault)));

                try
                {
                    (await CheckpointPins.IsPinnedAsync(faulty, _register, Checkpoint, default)).Should()
                        .BeTrue("operation {0} gives {1}", number, fault);
                }
                catch (CheckpointingException)
                {
                    // The pins could not be listed: the caller asks again later.
                }

                (await _storage.GetLengthAsync(Pin, default)).Should().NotBeNull();
            }
        }
    }

    [Fact]
    public async Task IsPinnedAsync_ItWentAfterTheListing_DoesNotHold()
    {
        await HoldAsync(Pin);
        await CheckpointPins.WriteAsync(_storage, Pin, "reader", default);
        var plan = new FaultPlan
        {
            Gate = async at =>
            {
                if (at.Kind == StorageOperationKind.OpenRead)
                {
                    await _storage.DeleteAsync(Pin, default);
                }
            },
        };

        (await CheckpointPins.IsPinnedAsync(new FaultyStorage(_storage, plan), _register, Checkpoint, default)).Should()
            .BeFalse();
    }

    [Fact]
    public async Task IsPinnedAsync_SaidToBeMissingAndItsLengthIsNotTold_Holds()
    {
        await HoldAsync(Pin);
        await CheckpointPins.WriteAsync(_storage, Pin, "reader", default);
        var plan = new FaultPlan(static at => at.Kind switch
        {
            StorageOperationKind.OpenRead => FaultKind.NotFound,
            StorageOperationKind.GetLength => FaultKind.Denied,
            _ => FaultKind.None,
        });

        (await CheckpointPins.IsPinnedAsync(new FaultyStorage(_storage, plan), _register, Checkpoint, default)).Should()
            .BeTrue("one answer is no proof");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task IsPinnedAsync_OfAnOlderVersion_IsTheNameAlone(bool isNamed)
    {
        await HoldAsync(isNamed ? Pin : "other/chk-1/pins/a");
        await WriteAsync(Pin, "reader"u8.ToArray());

        (await IsPinnedAsync()).Should().Be(isNamed);
    }

    private ValueTask<bool> IsPinnedAsync() =>
        CheckpointPins.IsPinnedAsync(_storage, _register, Checkpoint, default);

    private async Task WriteAsync(string path, byte[] content)
    {
        await _storage.DeleteAsync(path, default);
        await _storage.WriteAllAsync(path, content, default);
    }

    private async Task HoldAsync(string pin)
    {
        var record = TestRecord.Of("reader") with { Pins = [pin] };
        await _register.TryReplaceAsync("reader", 0, RegisterRecordSerializer.Write(record), default);
    }
}
