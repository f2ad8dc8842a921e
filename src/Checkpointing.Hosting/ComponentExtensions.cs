using Checkpointing.Coordination;
using Checkpointing.State.Heap;
using Checkpointing.Storage.Local;

namespace Checkpointing.Hosting;

/// <summary>The core's components for every kind of host.</summary>
public static class ComponentExtensions
{
    /// <summary>Stores checkpoints in a folder of a local or mounted file system.</summary>
    /// <param name="builder">Of a host, or of the services of a container.</param>
    /// <param name="root">The folder; null: it is in the host's configuration, as <c>FileSystem:Root</c>.</param>
    /// <param name="configure">Sets further options. What the section <c>FileSystem</c> of the host's configuration
    /// holds overrides them.</param>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <returns>The builder.</returns>
    public static TBuilder UseFileSystemStorage<TBuilder>(
        this TBuilder builder, string? root = null, Action<LocalStorageOptions>? configure = null)
        where TBuilder : ICheckpointingBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.SetStorage(context =>
        {
            var place = new FileSystemPlace { Root = root ?? "" };
            var options = new LocalStorageOptions();
            context.Configure("FileSystem", place, null, static p => p.Validate());
            context.Configure("FileSystem", options, configure, static o => SettingOutOfRangeException.ThrowUnless(
                o.ReservedBytes >= 0, nameof(o.ReservedBytes), o.ReservedBytes, "at least 0"));
            return new LocalCheckpointStorage(place.Root, options);
        });
        return builder;
    }

    /// <summary>Keeps keyed state on the heap, which is the default.</summary>
    /// <param name="builder">Of a host, or of the services of a container.</param>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <returns>The builder.</returns>
    public static TBuilder UseHeapBackend<TBuilder>(this TBuilder builder)
        where TBuilder : ICheckpointingBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.SetBackend(static _ => new HeapBackendFactory());
        return builder;
    }

    private sealed class FileSystemPlace
    {
        public string Root { get; set; } = "";

        public void Validate() => SettingOutOfRangeException.ThrowUnless(
            !string.IsNullOrWhiteSpace(Root), nameof(Root), Root, "the folder to store checkpoints in");
    }
}
