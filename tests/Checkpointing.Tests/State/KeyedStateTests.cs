using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.Tests.State;

public sealed class KeyedStateTests
{
    private static readonly ValueStateDescriptor<long> Total = new("total");
    private static readonly ListStateDescriptor<int> Numbers = new("numbers");
    private static readonly MapStateDescriptor<string, int> Routes = new("routes");
    private static readonly ValueStateDescriptor<int> Windowed = new("windowed") { Namespace = StateSerializer.Int64 };
    private static readonly ValueStateDescriptor<int> Named = new("named") { Namespace = StateSerializer.String };

    private readonly StateFixture _fixture = new();

    [Fact]
    public async Task EnterKey_SecondScope_Throws()
    {
        await using var state = await OpenAsync();
        using var scope = state.Keyed.EnterKey("a");

        var act = () => state.Keyed.EnterKey("b").Dispose();

        act.Should().Throw<InvalidOperationException>().WithMessage("*'op'*open already*");
    }

    [Fact]
    public async Task EnterKey_ForeignKeyGroup_NamesGroupAndRange()
    {
        await using var state = await StateFixture.OpenAsync(_fixture.Context(Total) with { Range = new(3, 4) });
        var group = KeyGroupAssignment.KeyGroupOf("a"u8, StateFixture.MaxParallelism);
        group.Should().NotBeInRange(3, 4);

        var act = () => state.Keyed.EnterKey("a").Dispose();

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage($"*key group {group};*'op'*3-4*");
        state.PrepareSnapshot(_fixture.NextRequest()).Should().NotBeNull();
    }

    [Fact]
    public async Task Access_WithoutScope_Throws()
    {
        await using var state = await OpenAsync();
        var total = state.Keyed.GetState(Total);
        var act = () => total.Set(1);
        act.Should().Throw<InvalidOperationException>().WithMessage("*'op'*no current key*");

        state.Keyed.EnterKey("a").Dispose();

        act.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task Access_OnAnotherThread_Throws()
    {
        await using var state = await OpenAsync();
        var total = state.Keyed.GetState(Total);
        Exception? caught = null;
        using (state.Keyed.EnterKey("a"))
        {
            var thread = new Thread(() => caught = Record.Exception(() => total.Set(1)));
            thread.Start();
            thread.Join();
        }

        caught.Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("another thread");
    }

    [Fact]
    public async Task Dispose_ScopeThatHasEnded_LeavesTheNextOneAlone()
    {
        await using var state = await OpenAsync();
        var first = state.Keyed.EnterKey("a");
        first.Dispose();
        using var second = state.Keyed.EnterKey("b");

        first.Dispose();

        state.Keyed.GetState(Total).Set(1);
    }

    [Fact]
    public async Task GetState_NotListed_NamesStateAndOperator()
    {
        await using var state = await OpenAsync();

        var act = () => state.Keyed.GetState(new ValueStateDescriptor<long>("other"));

        act.Should().Throw<InvalidOperationException>().WithMessage("*'other'*'op'*");
    }

    [Fact]
    public async Task GetState_ListedOtherwise_Throws()
    {
        await using var state = await OpenAsync();

        Action[] acts =
        [
            () => state.Keyed.GetState(new ValueStateDescriptor<int>("total")),
            () => state.Keyed.GetState(new ListStateDescriptor<long>("total")),
        ];

        acts.Should().AllSatisfy(
            static act => act.Should().Throw<InvalidOperationException>().WithMessage("*'total'*"));
        state.Keyed.GetState(new ValueStateDescriptor<long>("total")).Should().BeSameAs(state.Keyed.GetState(Total));
    }

    [Fact]
    public async Task ValueState_AllMembers_ActOnTheCurrentKey()
    {
        await using var state = await OpenAsync();
        var total = state.Keyed.GetState(Total);
        using (state.Keyed.EnterKey("a"))
        {
            total.TryGet(out _).Should().BeFalse();
            total.GetOrDefault(7).Should().Be(7);
            total.Update(static old => old + 5).Should().Be(5);
            total.Update(static old => old + 5).Should().Be(10);
            total.TryGetBytes(out var bytes).Should().BeTrue();
            bytes.ToArray().Should().Equal(10, 0, 0, 0, 0, 0, 0, 0);
            total.SetBytes([1, 1, 0, 0, 0, 0, 0, 0]);
            total.GetOrDefault().Should().Be(257);
            total.Clear();
            total.TryGetBytes(out _).Should().BeFalse();
            total.Set(3);
        }

        using (state.Keyed.EnterKey("b"))
        {
            total.GetOrDefault().Should().Be(0);
        }
    }

    [Fact]
    public async Task ListState_ChangeDuringEnumeration_ThrowsUntilItEnds()
    {
        await using var state = await OpenAsync();
        var numbers = state.Keyed.GetState(Numbers);
        using var scope = state.Keyed.EnterKey("a");
        numbers.AddRange([1, 2, 3]);
        foreach (var number in numbers)
        {
            Assert.Throws<InvalidOperationException>(() => numbers.Add(number));
            Assert.Throws<InvalidOperationException>(numbers.Clear);
            state.Keyed.GetState(Total).Set(number);
        }

        numbers.Replace([9]);
        numbers.ToList().Should().Equal(9);
        numbers.Replace([]);
        numbers.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public async Task ListState_NestedEnumerations_EachSeeAll()
    {
        await using var state = await OpenAsync();
        var numbers = state.Keyed.GetState(Numbers);
        using var scope = state.Keyed.EnterKey("a");
        numbers.AddRange([1, 2, 3]);
        List<int> products = [];
        foreach (var left in numbers)
        {
            foreach (var right in numbers)
            {
                products.Add(left * right);
            }
        }

        products.Should().Equal(1, 2, 3, 2, 4, 6, 3, 6, 9);
    }

    [Fact]
    public async Task MapState_Enumeration_IsInOrderOfBytesAndRefusesChanges()
    {
        await using var state = await OpenAsync();
        var routes = state.Keyed.GetState(Routes);
        using (state.Keyed.EnterKey("b"))
        {
            routes.Set("other", 1);
        }

        using var scope = state.Keyed.EnterKey("a");
        foreach (var key in new[] { "z", "a", "ä", "Z", "", "aa" })
        {
            routes.Set(key, key.Length);
        }

        List<string> seen = [];
        foreach (var (key, value) in routes)
        {
            value.Should().Be(key.Length);
            seen.Add(key);
            Assert.Throws<InvalidOperationException>(() => routes.Set("new", 1));
            routes.GetOrDefault(key).Should().Be(value);
        }

        seen.Should().Equal("", "Z", "a", "aa", "z", "ä");
        routes.Update("z", static old => old + 1).Should().Be(2);
        routes.Clear();
        routes.IsEmpty.Should().BeTrue();
        routes.ContainsKey("a").Should().BeFalse();
    }

    [Fact]
    public async Task EnterNamespace_States_AreKeptApartByIt()
    {
        await using var state = await OpenAsync();
        var windowed = state.Keyed.GetState(Windowed);
        using var scope = state.Keyed.EnterKey("a");
        foreach (var window in new[] { 1L, 2L })
        {
            using var inner = state.Keyed.EnterNamespace(window);
            windowed.Set((int)window * 10);
            state.Keyed.GetState(Total).Update(static old => old + 1);
        }

        using (state.Keyed.EnterStoredNamespace([2, 0, 0, 0, 0, 0, 0, 0]))
        {
            windowed.GetOrDefault().Should().Be(20);
        }

        state.Keyed.GetState(Total).GetOrDefault().Should().Be(2);
    }

    [Fact]
    public async Task EnterNamespace_Misuse_Throws()
    {
        await using var state = await OpenAsync();
        var keyed = state.Keyed;
        Assert.Throws<InvalidOperationException>(() => keyed.EnterNamespace(1L).Dispose());
        using var scope = keyed.EnterKey("a");
        Assert.Throws<InvalidOperationException>(() => keyed.GetState(Windowed).Set(1)).Message.Should().Contain(
            "'windowed'");
        Assert.Throws<InvalidOperationException>(() => keyed.EnterNamespace(1.5).Dispose());
        Assert.Throws<ArgumentException>(() => keyed.EnterNamespace("").Dispose());
        using (keyed.EnterNamespace("text"))
        {
            keyed.GetState(Named).Set(1);
            Assert.Throws<InvalidOperationException>(() => keyed.GetState(Windowed).Set(1)).Message.Should().Contain(
                "String");
            Assert.Throws<InvalidOperationException>(() => keyed.EnterNamespace(1L).Dispose());
        }

        Assert.Throws<InvalidOperationException>(() => keyed.GetState(Named).Set(1));
    }

    [Fact]
    public async Task ReadAll_AllKinds_GivesKeysAndValues()
    {
        await using var state = await OpenAsync();
        foreach (var key in new[] { "a", "b", "c" })
        {
            using var scope = state.Keyed.EnterKey(key);
            state.Keyed.GetState(Total).Set(key[0]);
            state.Keyed.GetState(Numbers).AddRange([key[0], 1]);
            state.Keyed.GetState(Routes).Set("x", 1);
            state.Keyed.GetState(Routes).Set("y" + key, 2);
            using var window = state.Keyed.EnterNamespace(5L);
            state.Keyed.GetState(Windowed).Set(key[0]);
        }

        state.Keyed.ReadAll(Total).Select(static entry => (entry.Key, entry.Value))
            .Should().BeEquivalentTo([("a", 97L), ("b", 98L), ("c", 99L)]);
        state.Keyed.ReadAll(Total).Should().AllSatisfy(static entry => entry.KeyGroup.Should().Be(
            KeyGroupAssignment.KeyGroupOf(System.Text.Encoding.UTF8.GetBytes(entry.Key), StateFixture.MaxParallelism)));
        state.Keyed.ReadAll(Numbers).Single(static entry => entry.Key == "b").Value.Should().Equal(98, 1);
        state.Keyed.ReadAll(Routes).Where(static entry => entry.Key == "c").Select(static entry => entry.Value)
            .Should().Equal(new("x", 1), new KeyValuePair<string, int>("yc", 2));
        state.Keyed.ReadAll(Windowed).Should().AllSatisfy(
            static entry => entry.Namespace.ToArray().Should().Equal(5, 0, 0, 0, 0, 0, 0, 0));
        state.Keyed.GetKeys(Routes).Should().BeEquivalentTo("a", "b", "c");
    }

    [Fact]
    public async Task TryGet_StoredBytesOfAnotherForm_NamesOperatorAndState()
    {
        await using var state = await OpenAsync();
        using var scope = state.Keyed.EnterKey("secret-key");
        state.Keyed.GetState(Total).SetBytes([1, 2, 3]);

        var act = () => state.Keyed.GetState(Total).GetOrDefault();

        var error = act.Should().Throw<CheckpointCorruptException>().Which;
        error.Message.Should().ContainAll("op", "total", "'int64'").And.NotContain("secret-key");
    }

    // Scopes and reads are on the path of every element.
    [Fact]
    public async Task EnterKeyAndRead_OnHeap_AllocateNothing()
    {
        await using var state = await OpenAsync();
        var total = state.Keyed.GetState(Total);
        var windowed = state.Keyed.GetState(Windowed);
        var routes = state.Keyed.GetState(Routes);
        using (state.Keyed.EnterKey("hit"))
        {
            total.Set(1);
            routes.Set("hit", 1);
        }

        Read(); // Grows the buffers.
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Read();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Read()
        {
            foreach (var key in Keys)
            {
                using var scope = state.Keyed.EnterKey(key);
                total.GetOrDefault();
                routes.GetOrDefault(key);
                using var window = state.Keyed.EnterNamespace(5L);
                windowed.GetOrDefault();
            }
        }
    }

    private static readonly string[] Keys = ["hit", "miss"];

    private ValueTask<SubtaskState<string>> OpenAsync() => _fixture.OpenAsync(Total, Numbers, Routes, Windowed, Named);
}
