using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>Changes of a record beside its coordinator, and what they leave to it.</summary>
public sealed class RegisterAmendmentTests
{
    private static readonly Guid s_token = Guid.Parse("6a1c2f0e-5b1d-4d0a-9a8e-0000000000aa");
    private static readonly HashSet<string> s_none = [];

    [Fact]
    public void TakeOff_SomeOfTheList_TheyAreLeavingAndTheNewestStays()
    {
        var record = Listing(1, 2, 3) with { Leaving = [Retained(9)] };

        var amended = RegisterAmendment.TakeOff(record, Paths(1, 3), s_none, s_token)!;

        amended.Retained.Should().Equal(Retained(2), Retained(3));
        amended.Leaving.Should().Equal(Retained(9), Retained(1));
        amended.Token.Should().Be(s_token);
    }

    [Fact]
    public void TakeOff_OneThatCannotBeRead_IsGoneAndTheNewestThatCanStays()
    {
        var amended = RegisterAmendment.TakeOff(Listing(1, 2, 3), Paths(1, 2, 3), Paths(3), s_token)!;

        amended.Retained.Should().Equal(Retained(2));
        amended.Leaving.Should().Equal(Retained(1));
    }

    [Fact]
    public void TakeOff_OrLabel_NothingChanges_IsNull()
    {
        RegisterAmendment.TakeOff(Listing(1, 2), Paths(2, 7), s_none, s_token).Should().BeNull();
        RegisterAmendment.Label(Listing(1, 2), Path(1), static tags => tags, s_token).Should().BeNull();
        RegisterAmendment.Label(Listing(1, 2), Path(7), static _ => ["a"], s_token).Should().BeNull();
    }

    [Fact]
    public void Label_OneOfTheList_OnlyItsLabelsChange()
    {
        var amended = RegisterAmendment.Label(
            Listing(1, 2), Path(1), static tags => [.. tags, "good"], s_token)!;

        amended.Retained.Should().Equal(Retained(1) with { Tags = ["good"] }, Retained(2));
        amended.Token.Should().Be(s_token);
    }

    [Fact]
    public void CarryOver_WhatWasTakenOffAndLabelledMeanwhile_StaysThatInTheCoordinatorsOwn()
    {
        var before = Listing(1, 2, 3, 4);
        var present = before with
        {
            Retained = [Retained(3) with { Tags = ["good"] }, Retained(4)],
            Leaving = [Retained(1)],
            ClaimFences = [new("heir", 7)],
        };
        var wanted = before with
        {
            // It has completed 5 and lets go of 8; 2 could not be read, so whoever took it off did not keep it.
            Retained = [Retained(1), Retained(2), Retained(3), Retained(4), Retained(5)], Leaving = [Retained(8)],
            Token = s_token,
        };

        var carried = RegisterAmendment.CarryOver(before, present, wanted);

        carried.Retained.Should().Equal(Retained(3) with { Tags = ["good"] }, Retained(4), Retained(5));
        carried.Leaving.Should().Equal(Retained(8), Retained(1));
        carried.ClaimFences.Should().Equal(new ClaimFence("heir", 7));
        carried.Token.Should().Be(s_token);
    }

    [Fact]
    public void With_Fences_TheOneThatGoesFurthestOfEachClaimantInOrderOfNames()
    {
        var record = Listing() with { ClaimFences = [new("b", 3), new("c", 9)] };

        record.With(new ClaimFence("b", 5), new ClaimFence("a", 1), new ClaimFence("c", 2)).ClaimFences.Should()
            .Equal(new ClaimFence("a", 1), new ClaimFence("b", 5), new ClaimFence("c", 9));
        RegisterAmendment.Fence(record, Listing() with { Job = "heir", Epoch = 4 }, s_token).ClaimFences.Should()
            .Equal(new ClaimFence("b", 3), new ClaimFence("c", 9), new ClaimFence("heir", 4));
    }

    [Theory]
    [InlineData("heir", "job", 1, 1, true)]
    [InlineData("heir", "job", 1, 2, false)]
    [InlineData("heir", "job", 1, null, true)]
    [InlineData("heir", "job", null, 1, true)]
    [InlineData("heir", "other", 1, 1, false)]
    [InlineData("heir", null, 1, 1, false)]
    [InlineData("third", "job", 1, 1, false)]
    [InlineData(null, "job", 1, 1, false)]
    public void IsHandingOverTo_TheClaimUnderWayThere_IsTheOneRecordedHere(
        string? claimedBy, string? pending, int? claimId, int? pendingId, bool expected)
    {
        static Guid? Id(int? number) => number is { } known ? new Guid(known, 0, 0, new byte[8]) : null;
        var record = Listing() with { ClaimedBy = claimedBy, ClaimId = Id(claimId) };
        var claimant = Listing() with { Job = "heir", PendingClaim = pending, PendingClaimId = Id(pendingId) };

        record.IsHandingOverTo(claimant).Should().Be(expected);
    }

    [Fact]
    public void Claimants_AllThatHaveClaimed_EachOnce()
    {
        var record = Listing() with { ClaimedBy = "b", FormerClaimants = ["a", "b"] };

        record.Claimants.Should().Equal("a", "b");
        (record with { ClaimedBy = "c" }).Claimants.Should().Equal("a", "b", "c");
        record.Invoking(static one => one.IsHandingOverTo(null!)).Should().Throw<ArgumentNullException>();
    }

    private static RegisterRecord Listing(params IEnumerable<long> ids) =>
        TestRecord.Of("job") with { Retained = [.. ids.Select(Retained)] };

    private static RetainedCheckpoint Retained(long id) =>
        new(new(id), Path(id), CheckpointKind.Checkpoint, 1, ContentDigest.Of([1]));

    private static HashSet<string> Paths(params IEnumerable<long> ids) => [.. ids.Select(Path)];

    private static string Path(long id) => $"job/chk-{id}";
}
