using System.Buffers;
using static Checkpointing.Testing.State.BackendTestBed;

namespace Checkpointing.Testing.State;

/// <summary>Cases about the rows of an open backend.</summary>
internal static class TableCases
{
    public static async Task FindsRowsAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var table = backend.GetTable("s");
            var row = Row(3, "key"u8);
            Expect.That(Get(table, row) is null, "A row that was never put is not found.");
            table.Delete(row);
            table.Put(row, "one"u8);
            Expect.SameBytes("one"u8, Get(table, row), "A row that was put");
            table.Put(row, "two"u8);
            Expect.SameBytes("two"u8, Get(table, row), "A row that was put again");
            Expect.That(Get(table, Row(4, "key"u8)) is null, "The same key of another key group is another row.");
            Expect.That(Get(table, Row(3, "key"u8, 0)) is null, "A longer key is another row.");
            table.Delete(row);
            Expect.That(Get(table, row) is null, "A row that was deleted is not found.");
        }
    }

    public static async Task KeepsEmptyValuesAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var table = backend.GetTable("s");
            table.Put(Row(0, []), []);
            table.Append(Row(1, []), []);
            Expect.SameBytes([], Get(table, Row(0, [])) ?? [1], "An empty value that was put");
            Expect.SameBytes([], Get(table, Row(1, [])) ?? [1], "An empty value that was appended");
            Expect.Equal(2, Scan(table).Count, "Rows of a scan");
        }
    }

    public static async Task AppendsToTheTargetAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var table = backend.GetTable("s");
            table.Put(Row(0, []), "cd"u8);
            var target = new ArrayBufferWriter<byte>();
            target.Write("ab"u8);
            Expect.That(table.TryGet(Row(0, []), target), "The row is found.");
            Expect.That(!table.TryGet(Row(1, []), target), "The other row is not found.");
            Expect.SameBytes("abcd"u8, target.WrittenSpan, "The target");
        }
    }

    public static async Task AppendsToRowsAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var table = backend.GetTable("s");
            var (row, other) = (Row(0, "k"u8), Row(0, "l"u8));
            table.Append(row, "a"u8);
            table.Append(row, []);
            table.Append(row, "bc"u8);
            Expect.SameBytes("abc"u8, Get(table, row), "A row that was appended to");
            table.Put(row, "x"u8);
            table.Append(row, "y"u8);
            Expect.SameBytes("xy"u8, Get(table, row), "A row that was put and appended to");
            table.Delete(row);
            table.Append(row, "z"u8);
            Expect.SameBytes("z"u8, Get(table, row), "A row that was deleted and appended to");
            for (var i = 0; i < 1000; i++)
            {
                table.Append(other, [(byte)i]);
            }

            Expect.SameBytes(
                [.. Enumerable.Range(0, 1000).Select(static i => (byte)i)], Get(table, other), "A row of 1000 appends");
            Expect.SameBytes("z"u8, Scan(table)[0].Value, "The value of a scanned row");
        }
    }

    public static async Task KeepsLargeRowsAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var table = backend.GetTable("s");
            var large = new byte[3 << 20];
            new Random(1).NextBytes(large);
            var row = Row(0, large.AsSpan(0, 70_000));
            table.Put(row, large);
            Expect.SameBytes(large, Get(table, row), "A large value");
            Expect.SameBytes(row, Scan(table)[0].Key, "A large key");
        }
    }

    public static async Task ScansInOrderAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var table = backend.GetTable("s");
            byte[][] mapKeys = [[], [0], [0, 0], [0, 0xFF], [0x7F], [0x80], [0xFE, 0xFF], [0xFF], [0xFF, 0],
                [0xFF, 0xFF]];
            byte[][] keys = [[], [0], [0xFF], [0xFF, 0xFF]];
            int[] keyGroups = [0, 1, 11];
            List<(byte[] Key, byte[] Value)> all = [];
            foreach (var keyGroup in keyGroups)
            {
                foreach (var key in keys)
                {
                    all.AddRange(mapKeys.Select(mapKey => (Row(keyGroup, key, mapKey), mapKey)));
                }
            }

            foreach (var (row, value) in all.OrderBy(static row => Convert.ToHexString(row.Key.Reverse().ToArray())))
            {
                table.Put(row, value);
            }

            all.Sort(static (left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
            ExpectRows(all, Scan(table), "All rows");
            byte[][] prefixes =
            [
                [0, 0], [0, 11], [0, 5], [0xFF], .. keys.Select(static key => Row(1, key)),
                .. mapKeys.Select(static mapKey => Row(1, [0xFF], mapKey)),
                    .. mapKeys.Select(static mapKey => Row(11, [0xFF, 0xFF], mapKey)),
            ];
            foreach (var prefix in prefixes)
            {
                ExpectRows(
                    [.. all.Where(row => row.Key.AsSpan().StartsWith(prefix))], Scan(table, prefix),
                    $"Rows of prefix {Convert.ToHexString(prefix)}");
            }
        }
    }

    public static async Task WritesDuringScanOfAnotherAsync(
        KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s", "t").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var (scanned, written) = (backend.GetTable("s"), backend.GetTable("t"));
            for (var i = 0; i < 100; i++)
            {
                scanned.Put(Row(2, [(byte)i]), [(byte)i]);
            }

            var count = 0;
            using (var cursor = scanned.Scan([]))
            {
                while (cursor.MoveNext())
                {
                    written.Put(cursor.Key, cursor.Value);
                    count++;
                }
            }

            Expect.Equal(100, count, "Rows of the scan");
            ExpectRows(Scan(scanned), Scan(written), "Rows that were written");
        }
    }

    public static async Task KeepsStatesApartAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s", "t", "S").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            backend.GetTable("s").Put(Row(0, []), "s"u8);
            backend.GetTable("t").Put(Row(0, []), "t"u8);
            Expect.SameBytes("s"u8, Get(backend.GetTable("s"), Row(0, [])), "The row of the first state");
            Expect.SameBytes("t"u8, Get(backend.GetTable("t"), Row(0, [])), "The row of the second state");
            Expect.Equal(0, Scan(backend.GetTable("S")).Count, "Rows of the third state");
        }
    }

    public static async Task RefusesUndeclaredStateAsync(
        KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var backend = await new BackendTestBed(setup, cancellationToken).OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            var exception = await Expect.ThrowsAsync<InvalidOperationException>(
                () => Task.FromResult(backend.GetTable("other")), "An undeclared state").ConfigureAwait(false);
            Expect.That(
                exception.Message.Contains("'other'", StringComparison.Ordinal), "The message names the state.");
        }
    }
}
