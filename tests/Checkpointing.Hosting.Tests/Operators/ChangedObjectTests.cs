using System.Buffers;
using Checkpointing.Hosting.Operators;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Testing;
using Checkpointing.Testing.Operators;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>A harness finds objects of state that an operator changes without setting them.</summary>
public sealed class ChangedObjectTests
{
    [Theory]
    [InlineData("value")]
    [InlineData("entry")]
    [InlineData("entries")]
    [InlineData("element")]
    [InlineData("accumulator")]
    [InlineData("item")]
    public async Task Process_ChangesWhatStateHandedOut_Fails(string way)
    {
        await using var harness = await OpenAsync();
        harness.Process("fill");

        var change = FluentActions.Invoking(() => harness.Process(way));

        change.Should().Throw<ConformanceException>().WithMessage(
            $"Process for key 'key' changed an object that state '*' had handed out, and did not set it.*");
    }

    [Fact]
    public async Task Process_ChangesWhatItHasSet_Fails()
    {
        await using var harness = await OpenAsync();

        FluentActions.Invoking(() => harness.Process("after")).Should().Throw<ConformanceException>().WithMessage(
            "Process for key 'key' changed an object that had been set in state 'value' before*");
    }

    [Theory]
    [InlineData("update")]
    [InlineData("set again")]
    [InlineData("clear")]
    [InlineData("add")]
    [InlineData("encrypted")]
    public async Task Process_ChangesAndStores_Passes(string way)
    {
        await using var harness = await OpenAsync();
        harness.Process("fill");

        harness.Process(way);

        harness.Output.Should().HaveCount(2);
    }

    [Fact]
    public async Task Process_AddsAnItemAndChangesItLater_TheListKeepsACopy()
    {
        await using var harness = await OpenAsync();

        harness.Process("keep item");
        harness.Process("change kept item");

        harness.ReadOperatorState<byte[]>("item").Should().ContainSingle().Which.Should().Equal(1);
    }

    [Fact]
    public async Task DisposeAsync_OperatorEmits_Fails()
    {
        var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new LastWords(), static (string _) => "key", seed: 1);
        harness.Process("a");

        await FluentActions.Awaiting(() => harness.DisposeAsync().AsTask()).Should()
            .ThrowAsync<ConformanceException>().WithMessage("*emitted a record outside Process and OnTimer*");
    }

    private static Task<KeyedOperatorHarness<string, string, string>> OpenAsync() => KeyedOperatorHarness.OpenAsync(
        static () => new Changer(), static (string _) => "key", seed: 1);

    /// <summary>Does what each record says.</summary>
    private sealed class Changer : KeyedOperator<string, string, string>
    {
        private static readonly ValueStateDescriptor<byte[]> s_value = new("value");
        private static readonly ValueStateDescriptor<byte[]> s_secret = new("secret", new Salted());
        private static readonly MapStateDescriptor<int, byte[]> s_entry = new("entry");
        private static readonly ListStateDescriptor<byte[]> s_element = new("element");
        private static readonly AggregatingStateDescriptor<byte, byte[], byte[]> s_accumulator =
            new("accumulator", new InPlace());

        private static readonly OperatorListStateDescriptor<byte[]> s_item = new("item");
        private KeyedOperatorContext<string> _context = null!;
        private byte[] _kept = [];

        public override IReadOnlyList<StateDescriptor> States =>
            [s_value, s_secret, s_entry, s_element, s_accumulator, s_item];

        public override void Open(KeyedOperatorContext<string> context) => _context = context;

        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output)
        {
            output.Emit(value);
            switch (value)
            {
                case "fill":
                    _context.GetState(s_value).Set([1]);
                    _context.GetState(s_secret).Set([1]);
                    _context.GetState(s_entry).Set(1, [1]);
                    _context.GetState(s_element).Add([1]);
                    _context.GetState(s_accumulator).Add(1);
                    _context.GetState(s_item).Add([1]);
                    break;
                case "keep item":
                    _kept = [1];
                    _context.GetState(s_item).Add(_kept);
                    break;
                case "change kept item":
                    _kept[0]++;
                    break;
                default:
                    Change(value);
                    break;
            }
        }

        private void Change(string way)
        {
            var value = _context.GetState(s_value);
            switch (way)
            {
                case "value":
                    value.GetOrDefault()![0]++;
                    break;
                case "entry":
                    _context.GetState(s_entry).GetOrDefault(1)![0]++;
                    break;
                case "entries":
                    foreach (var (_, bytes) in _context.GetState(s_entry))
                    {
                        bytes[0]++;
                    }

                    break;
                case "element":
                    _context.GetState(s_element).ToList()[0][0]++;
                    break;
                case "accumulator":
                    _context.GetState(s_accumulator).GetOrDefault()![0]++;
                    break;
                case "item":
                    _context.GetState(s_item).Items[0][0]++;
                    break;
                case "after":
                    byte[] set = [1];
                    value.Set(set);
                    set[0]++;
                    break;
                default:
                    ChangeAndStore(way, value);
                    break;
            }
        }

        private void ChangeAndStore(string way, ValueState<byte[]> value)
        {
            var found = value.GetOrDefault()!;
            switch (way)
            {
                case "update":
                    value.Update(static bytes =>
                    {
                        bytes![0]++;
                        return bytes;
                    });
                    break;
                case "set again":
                    found[0]++;
                    value.Set(found);
                    break;
                case "clear":
                    found[0]++;
                    value.Clear();
                    break;
                case "add":
                    _context.GetState(s_accumulator).Add(1);
                    break;
                case "encrypted":
                    _context.GetState(s_secret).GetOrDefault().Should().Equal(1);
                    break;
            }
        }
    }

    /// <summary>Adds in place and gives out what it keeps.</summary>
    private sealed class InPlace : Aggregator<byte, byte[], byte[]>
    {
        public override byte[] CreateAccumulator() => [0];

        public override byte[] Add(byte[] accumulator, byte element)
        {
            accumulator[0] += element;
            return accumulator;
        }

        public override byte[] GetResult(byte[] accumulator) => accumulator;

        public override byte[] Merge(byte[] left, byte[] right) => [(byte)(left[0] + right[0])];
    }

    /// <summary>Never gives the same bytes twice.</summary>
    private sealed class Salted : StateSerializer<byte[]>
    {
        private static int s_salt;

        public override SerializerIdentity Identity { get; } = new("test.salted", 1);

        public override void Write(byte[] value, IBufferWriter<byte> target) =>
            target.Write([(byte)Interlocked.Increment(ref s_salt), .. value]);

        public override byte[] Read(ReadOnlySpan<byte> source) => source[1..].ToArray();
    }

    /// <summary>Emits when it is disposed.</summary>
    private sealed class LastWords : KeyedOperator<string, string, string>, IDisposable
    {
        private Emitter<string>? _output;

        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output) =>
            _output = output;

        public void Dispose() => _output?.Emit("the end");
    }
}
