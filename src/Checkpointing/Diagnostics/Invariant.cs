using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Checkpointing.Diagnostics;

/// <summary>Checks of what must always hold. A failure is our bug, never the caller's.</summary>
public static class Invariant
{
    /// <summary>Throws if <paramref name="condition"/> is false. A check that holds costs one branch and no
    /// allocation.</summary>
    /// <exception cref="UnreachableException">The invariant is broken: please report it.</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref InvariantMessage message)
    {
        if (!condition)
        {
            throw new UnreachableException("Broken invariant: " + message.ToStringAndClear());
        }
    }

    /// <summary>Builds the message only when the check fails.</summary>
    [InterpolatedStringHandler]
    public ref struct InvariantMessage
    {
        private DefaultInterpolatedStringHandler _inner;

        /// <summary>Called by the compiler.</summary>
        public InvariantMessage(int literalLength, int formattedCount, bool condition, out bool isEnabled)
        {
            isEnabled = !condition;
            _inner = condition ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
        }

        /// <summary>Called by the compiler.</summary>
        public void AppendLiteral(string value) => _inner.AppendLiteral(value);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        internal string ToStringAndClear() => _inner.ToStringAndClear();
    }
}
