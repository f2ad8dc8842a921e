using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.CompletedCheckpoints;

public sealed class RegisterRecordSerializerTests
{
    private static readonly string s_firstFormat = Join(
        """
        {"format":1,"job":"flights",
        "jobUid":"00000001-0002-0003-0405-060708090a0b","lineageId":"00000002-0002-0003-0405-060708090a0b",
        "epoch":3,"holder":"host/17","nextId":33,"firstIdOfEpoch":17,
        "restoreFloor":4,
        "retained":[{"id":4,"path":"flights/chk-4","kind":2,"metadataBytes":4,
        "metadataDigest":"00000000000000000000000000000004"},
        {"id":18,"path":"flights/chk-18","kind":0,"metadataBytes":1234,
        "metadataDigest":"fffffffffffffffffffffffffffffffa"}],
        "pins":["other/chk-9/pins/ab"],"claims":["old"],
        "handedOver":[{"id":2,"path":"old/chk-2","kind":1,"metadataBytes":1,
        "metadataDigest":"00000000000000000000000000000007"}],
        "pendingClaim":"older","claimedBy":"new","token":"00000003-0002-0003-0405-060708090a0b"}
        """,
        "c8220d2913ed986e5e4f5ed7e3dde6ef");

    private static readonly string s_secondFormat = Join(
        """
        {"format":2,"job":"flights",
        "jobUid":"00000001-0002-0003-0405-060708090a0b","lineageId":"00000002-0002-0003-0405-060708090a0b",
        "epoch":3,"holder":"host/17","nextId":33,"firstIdOfEpoch":17,
        "retained":[{"id":4,"path":"flights/chk-4","kind":2,"metadataBytes":4,
        "metadataDigest":"00000000000000000000000000000004",
        "leftBehind":true},
        {"id":18,"path":"flights/chk-18","kind":0,"metadataBytes":1234,
        "metadataDigest":"fffffffffffffffffffffffffffffffa",
        "triggeredAt":1700000000123}],
        "leaving":[{"id":3,"path":"flights/chk-3","kind":0,"metadataBytes":3,
        "metadataDigest":"00000000000000000000000000000003"}],
        "pins":["other/chk-9/pins/ab"],"claims":["old"],
        "handedOver":[{"id":2,"path":"old/chk-2","kind":1,"metadataBytes":1,
        "metadataDigest":"00000000000000000000000000000007"}],
        "handedOverLeaving":[{"id":1,"path":"old/chk-1","kind":0,"metadataBytes":1,
        "metadataDigest":"00000000000000000000000000000001"}],
        "claimedBelowId":3,"formerClaimants":["newest"],
        "pendingClaim":"older","claimedBy":"new","token":"00000003-0002-0003-0405-060708090a0b"}
        """,
        "5b150d5e726c9183bcd9c51bb7288bc2");

    private static readonly RegisterRecord s_record = new()
    {
        Job = "flights",
        JobUid = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        LineageId = new(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        Epoch = 3,
        Holder = "host/17",
        NextId = 33,
        FirstIdOfEpoch = 17,
        Retained =
        [
            new(new(4), "flights/chk-4", CheckpointKind.Savepoint, 4, new(4)) { IsLeftBehind = true },
            new(new(18), "flights/chk-18", CheckpointKind.Checkpoint, 1234, new(UInt128.MaxValue - 5))
            {
                TriggeredAt = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123),
            },
        ],
        Leaving = [new(new(3), "flights/chk-3", CheckpointKind.Checkpoint, 3, new(3))],
        HandedOver = [new(new(2), "old/chk-2", CheckpointKind.FullCheckpoint, 1, new(7))],
        Pins = ["other/chk-9/pins/ab"],
        Claims = ["old"],
        PendingClaim = "older",
        ClaimedBy = "new",
        HandedOverLeaving = [new(new(1), "old/chk-1", CheckpointKind.Checkpoint, 1, new(1))],
        ClaimedBelowId = 3,
        FormerClaimants = ["newest"],
        Token = new(3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    };

    // The digest is right: somebody's program has written this.
    [Theory]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"format":"two"}""")]
    [InlineData("""{"format":2,"job":5}""")]
    [InlineData("""{"format":2,"job":"a/b"}""")]
    [InlineData("""{"format":2,"job":"job","jobUid":"none"}""")]
    public void Read_AGoodDigestOfOtherFields_IsCorrupt(string json)
    {
        var line = Encoding.UTF8.GetBytes(json + "\n");
        byte[] bytes = [.. line, .. Encoding.ASCII.GetBytes($"xxh128:{ContentDigest.Of(line)}\n")];

        FluentActions.Invoking(() => RegisterRecordSerializer.Read(bytes, "register")).Should()
            .Throw<CheckpointCorruptException>().WithMessage("*the fields of a register record*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("no line")]
    [InlineData("a line and no digest\n")]
    public void Read_NoRecordAndDigest_IsCorrupt(string text) =>
        FluentActions.Invoking(() => RegisterRecordSerializer.Read(Encoding.UTF8.GetBytes(text), "register")).Should()
            .Throw<CheckpointCorruptException>();

    [Fact]
    public void Read_WhatWriteGave_IsTheSameRecord() =>
        RegisterRecordSerializer.Read(RegisterRecordSerializer.Write(s_record), "x").Should().Be(s_record);

    [Fact]
    public void Write_TheSecondFormat_GivesTheGoldenBytes() =>
        Encoding.UTF8.GetString(RegisterRecordSerializer.Write(s_record)).Should().Be(s_secondFormat);

    [Fact]
    public void Read_WhatClaimsAdd_IsTheSameRecord()
    {
        var record = s_record with
        {
            PendingClaimId = new(4, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
            ClaimId = new(5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
            ClaimFences = [new("heir", 7), new("heir-2", 3)],
        };
        var bytes = RegisterRecordSerializer.Write(record);

        RegisterRecordSerializer.Read(bytes, "x").Should().Be(record);
        Encoding.UTF8.GetString(bytes).Should().Contain(
            """
            "claimedBy":"new","pendingClaimId":"00000004-0002-0003-0405-060708090a0b",
            "claimId":"00000005-0002-0003-0405-060708090a0b",
            "claimFences":[{"claimant":"heir","epoch":7},{"claimant":"heir-2","epoch":3}],"token"
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public void Read_TheFirstFormat_SaysWhatWasLeftBehindByItsId()
    {
        var record = RegisterRecordSerializer.Read(Encoding.UTF8.GetBytes(s_firstFormat), "x");

        record.Should().Be(s_record with
        {
            Retained =
            [
                new(new(4), "flights/chk-4", CheckpointKind.Savepoint, 4, new(4)) { IsLeftBehind = true },
                new(new(18), "flights/chk-18", CheckpointKind.Checkpoint, 1234, new(UInt128.MaxValue - 5)),
            ],
            Leaving = [],
            HandedOverLeaving = [],
            FormerClaimants = [],
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Read_AnotherFormat_SaysWhichAreRead(int format)
    {
        var json = s_secondFormat.Split('\n')[0];
        var line = json.Replace("format\":2", $"format\":{format}", StringComparison.Ordinal) + "\n";
        var bytes = Encoding.UTF8.GetBytes(
            $"{line}xxh128:{ContentDigest.Of(Encoding.UTF8.GetBytes(line))}\n");

        FluentActions.Invoking(() => RegisterRecordSerializer.Read(bytes, "x")).Should()
            .Throw<UnsupportedFormatException>().WithMessage($"*register format {format}*1 to 2*");
    }

    [Fact]
    public void Write_AThousandCheckpointsOfTheLongestName_IsBelowTheLimit()
    {
        var job = new string('j', 200);
        var record = s_record with
        {
            Retained = Enumerable.Range(1, 1_000).Select(id => new RetainedCheckpoint(
                new(long.MaxValue - id), $"{job}/chk-{long.MaxValue - id}", CheckpointKind.Checkpoint, int.MaxValue,
                new(UInt128.MaxValue))
            {
                TriggeredAt = DateTimeOffset.MaxValue, IsLeftBehind = true,
            }).ToValueList(),
        };

        RegisterRecordSerializer.Write(record).Length.Should().BeLessThan(StorageCheckpointRegister.MaxRecordBytes);
    }

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

    // One line, of which each is a part.
    private static string Join(string json, string digest) =>
        $"{json.ReplaceLineEndings("")}\nxxh128:{digest}\n";
}
