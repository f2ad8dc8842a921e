namespace Checkpointing;

/// <summary>Takes the place of the framework's <c>ConfigureAwait</c> for disposal and streams in the core as it is
/// compiled here: those return awaitables that Coyote 1.7.11 does not know. The innermost namespace wins.</summary>
internal static class ControlledAwaits
{
    internal static Disposal ConfigureAwait(this IAsyncDisposable source, bool continueOnCapturedContext) =>
        new(source);

    internal static IAsyncEnumerable<T> ConfigureAwait<T>(
        this IAsyncEnumerable<T> source, bool continueOnCapturedContext) => source;

    internal readonly struct Disposal(IAsyncDisposable source)
    {
        public async ValueTask DisposeAsync() => await source.DisposeAsync();
    }
}
