using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Inspection;

/// <summary>Opens storages by the scheme of an address: <c>file:</c>, and whatever was registered.</summary>
/// <remarks>Register first, then open: registering is not safe beside other calls.</remarks>
public sealed class StorageSchemes
{
    private readonly Dictionary<string, Func<string, ICheckpointStorage>> _openers =
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["file"] = static address => new LocalCheckpointStorage(LocalPathOf(address)),
        };

    /// <summary>The schemes that are known, in order.</summary>
    public IReadOnlyList<string> Known => [.. _openers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds a scheme.</summary>
    /// <param name="scheme">For example <c>s3</c>; compared without case.</param>
    /// <param name="open">Opens the storage of an address with this scheme; the caller disposes it if it can
    /// be.</param>
    /// <returns>This object.</returns>
    /// <exception cref="ArgumentException">The scheme is known already.</exception>
    public StorageSchemes Register(string scheme, Func<string, ICheckpointStorage> open)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);
        ArgumentNullException.ThrowIfNull(open);
        _openers.Add(scheme, open);
        return this;
    }

    /// <summary>Opens the storage whose root is at an address.</summary>
    /// <param name="address">A path of the local file system, or <c>scheme:…</c>.</param>
    /// <exception cref="ArgumentException">Nobody has registered its scheme.</exception>
    public ICheckpointStorage Open(string address)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        var scheme = SchemeOf(address);
        return _openers.TryGetValue(scheme, out var open)
            ? open(address)
            : throw new ArgumentException(
                $"'{address}' has the scheme '{scheme}', which nobody has registered; known: "
                + $"{string.Join(", ", Known)}.", nameof(address));
    }

    /// <summary>The scheme of an address; <c>file</c> for a path without one.</summary>
    public static string SchemeOf(string address)
    {
        ArgumentNullException.ThrowIfNull(address);

        // A single letter is a drive of Windows.
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        return colon > 1 && address[..colon].All(static c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.')
            ? address[..colon].ToLowerInvariant()
            : "file";
    }

    /// <summary>The path of the local file system that a <c>file:</c> address, or a path, names.</summary>
    public static string LocalPathOf(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return !address.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? address
            : address.StartsWith("file://", StringComparison.OrdinalIgnoreCase) ? new Uri(address).LocalPath
            : address["file:".Length..];
    }
}
