using Checkpointing.State.Heap;
using CsCheck;

namespace Checkpointing.Tests.State.Heap;

public sealed class HeapTreeTests
{
    private static readonly byte[][] Edges = [[], [0xFF], [0xFF, 0xFF], [0xFF, 0], [0]];

    // Long keys that begin alike, end early or go on with zeros: where searches by the first bytes could err.
    private static readonly Gen<byte[]> Keys = Gen.Frequency(
        (5, Gen.Int[0, 600].Select(static i => new[] { (byte)(i >> 4), (byte)(i << 4) })),
        (5, Gen.Int[0, 600].Select(static i => LongKey(i))),
        (1, Gen.Int[0, Edges.Length - 1].Select(static i => Edges[i])));

    private static readonly Gen<(int Kind, byte[] Key, byte[] Value)> Steps =
        Gen.Select(Gen.Int[0, 9], Keys, Gen.Byte.Array[0, 4]);

    // Model: a sorted dictionary. Every frozen version has to stay as it was.
    [Fact]
    public void AnyHistory_RandomSteps_EqualsSortedDictionary() =>
        Steps.Array[0, 3000].Sample(
            static steps =>
            {
                var tree = new HeapTree();
                var model = new SortedDictionary<byte[], byte[]>(ByteOrder);
                List<(HeapNode? Root, KeyValuePair<byte[], byte[]>[] Rows)> frozen = [];
                foreach (var (kind, key, value) in steps)
                {
                    Apply(tree, model, kind, key, value);
                    if (kind == 9 && frozen.Count < 20)
                    {
                        frozen.Add((tree.Freeze(), [.. model]));
                    }
                }

                tree.Count.Should().Be(model.Count);
                AssertSame(tree.Root, [], [.. model]);
                foreach (var (root, rows) in frozen)
                {
                    AssertSame(root, [], rows);
                }

                foreach (var prefix in steps.Take(20).Select(static step => step.Key))
                {
                    AssertSame(tree.Root, prefix, [.. model.Where(row => row.Key.AsSpan().StartsWith(prefix))]);
                    tree.TryGet(prefix, out var found).Should().Be(model.TryGetValue(prefix, out var expected));
                    found.ToArray().Should().Equal(expected ?? []);
                }
            },
            iter: 60);

    [Fact]
    public void Delete_AllOfManyRows_LeavesNothing()
    {
        var tree = new HeapTree();
        for (var i = 0; i < 50_000; i++)
        {
            tree.Put(Key(i * 7919L % 50_000), []);
        }

        for (var i = 0; i < 50_000; i++)
        {
            tree.Delete(Key(i * 104_729L % 50_000));
        }

        tree.Count.Should().Be(0);
        tree.Root.Should().BeNull();

        static byte[] Key(long i) => [(byte)(i >> 16), (byte)(i >> 8), (byte)i];
    }

    [Fact]
    public void Append_AfterFreeze_LeavesTheFrozenValue()
    {
        var tree = new HeapTree();
        for (var i = 0; i < 100; i++)
        {
            tree.Append([1], [(byte)i]);
        }

        var root = tree.Freeze();
        tree.Append([1], [100]);

        AssertSame(root, [], [new([1], [.. Enumerable.Range(0, 100).Select(static i => (byte)i)])]);
        AssertSame(tree.Root, [], [new([1], [.. Enumerable.Range(0, 101).Select(static i => (byte)i)])]);
    }

    private static byte[] LongKey(int number) =>
    [
        .. Enumerable.Repeat((byte)7, number % 3 * 6), .. new byte[number % 5], (byte)(number >> 3), 0, (byte)number,
    ];

    private static Comparer<byte[]> ByteOrder { get; } =
        Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right));

    private static void Apply(HeapTree tree, SortedDictionary<byte[], byte[]> model, int kind, byte[] key, byte[] value)
    {
        if (kind < 5)
        {
            tree.Put(key, value);
            model[key] = value;
        }
        else if (kind < 8)
        {
            tree.Delete(key);
            model.Remove(key);
        }
        else if (kind == 8)
        {
            tree.Append(key, value);
            model[key] = [.. model.GetValueOrDefault(key, []), .. value];
        }
    }

    private static void AssertSame(HeapNode? root, byte[] prefix, KeyValuePair<byte[], byte[]>[] rows)
    {
        using var cursor = new HeapCursor(root, prefix);
        foreach (var (key, value) in rows)
        {
            Assert.True(cursor.MoveNext());
            Assert.Equal(key, cursor.Key.ToArray());
            Assert.Equal(value, cursor.Value.ToArray());
        }

        Assert.False(cursor.MoveNext());
        Assert.False(cursor.MoveNext());
    }
}
