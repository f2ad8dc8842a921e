using System.Buffers;
using Checkpointing.State;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.State;

public sealed class StateDescriptionSerializerTests
{
    private static readonly Gen<SerializerIdentity?> Identities = Gen.Select(
        Gen.Bool, Gen.String[Gen.Char['a', 'z'], 1, 20], Gen.Int[1, 9], Gen.Long).Select(
            static (isThere, id, version, schema) => isThere ? new SerializerIdentity(id, version, schema) : null);

    private static readonly Gen<StateDescription> Descriptions = Gen.Select(
        Gen.String[Gen.Char['a', 'z'], 1, 20], Gen.Int[1, 7], Identities, Identities, Identities, Gen.Bool).Select(
            static (name, kind, key, space, value, isStamped) =>
                new StateDescription(name, (StateKind)kind, key, space, null, value)
                {
                    IsStamped = isStamped && (StateKind)kind < StateKind.Timer,
                });

    [Fact]
    public void Read_AnyDescriptions_AreEqualAndLeaveTheRest() => Descriptions.Array[0, 8].Sample(static states =>
    {
        var bytes = Write(states);

        StateDescriptionSerializer.Read([.. bytes, 1, 2], out var rest).Should().Equal(states);
        rest.ToArray().Should().Equal(1, 2);
    });

    [Fact]
    public void Read_DamagedBytes_ThrowsFormatExceptionOnly() =>
        Gen.Select(Descriptions.Array[1, 4], Gen.Int[0, 1000], Gen.Byte).Sample(static (states, at, value) =>
        {
            var bytes = Write(states);
            bytes[at % bytes.Length] = value;
            Try(bytes);
            Try(bytes[..(at % bytes.Length)]);
        });

    [Fact]
    public void Write_StateWithoutStamps_IsAsItWasBeforeThereWereStamps() =>
        Convert.ToHexString(Write([new("s", StateKind.List, new("a", 1), null, null, new("b", 2, 3))])).Should().Be(
            "01000000" + "0173" + "02" + "01" + "0161" + "01000000" + "0000000000000000" + "00" + "00"
            + "01" + "0162" + "02000000" + "0300000000000000");

    [Theory]
    [InlineData(StateKind.Value, true)]
    [InlineData(StateKind.Aggregating, true)]
    [InlineData(StateKind.Timer, false)]
    [InlineData(StateKind.OperatorList, false)]
    public void Read_StampedBit_IsTakenWhereValuesCanExpire(StateKind kind, bool isTaken)
    {
        var bytes = Write([new("s", kind, null, null, null, null)]);
        bytes[6] |= 0x80;

        var read = () => StateDescriptionSerializer.Read(bytes, out _).Should().ContainSingle().Which.IsStamped;

        if (isTaken)
        {
            read().Should().BeTrue();
        }
        else
        {
            read.Should().Throw<FormatException>();
        }
    }

    private static void Try(byte[] bytes)
    {
        try
        {
            StateDescriptionSerializer.Read(bytes, out _);
        }
        catch (FormatException)
        {
        }
    }

    private static byte[] Write(StateDescription[] states)
    {
        var target = new ArrayBufferWriter<byte>();
        StateDescriptionSerializer.Write(states, target);
        return target.WrittenSpan.ToArray();
    }
}
