using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class RegisterRecordSerializerTests
{
    private static readonly RegisterRecord s_record = new()
    {
        Job = "flights",
        JobUid = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        LineageId = new(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        Epoch = 3,
        Holder = "host/17",
        NextId = 33,
        FirstIdOfEpoch = 17,
        RestoreFloor = 4,
        Retained = [new(new(18), "flights/chk-18", CheckpointKind.Checkpoint, 1234, new(UInt128.MaxValue - 5))],
        HandedOver = [new(new(2), "old/chk-2", CheckpointKind.FullCheckpoint, 1, new(7))],
        Pins = ["other/chk-9/pins/ab"],
        Claims = ["old"],
        PendingClaim = "older",
        ClaimedBy = "new",
        Token = new(3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    };

    [Fact]
    public void Read_WhatWriteGave_IsTheSameRecord() =>
        RegisterRecordSerializer.Read(RegisterRecordSerializer.Write(s_record), "x").Should().Be(s_record);

    [Fact]
    public void Read_AnyFlippedBitOrCut_IsCorrupt()
    {
        var good = RegisterRecordSerializer.Write(s_record);
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            ((Action)(() => RegisterRecordSerializer.Read(bad, "x"))).Should()
                .Throw<CheckpointCorruptException>("bit {0}", bit);
        }

        for (var length = 0; length < good.Length; length++)
        {
            ((Action)(() => RegisterRecordSerializer.Read(good.AsMemory(0, length), "x"))).Should()
                .Throw<CheckpointCorruptException>();
        }
    }
}
