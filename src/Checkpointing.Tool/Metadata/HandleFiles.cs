using System.Text.Json;
using Checkpointing.StateHandles;

namespace Checkpointing.Tool.Metadata;

/// <summary>One stream behind a handle.</summary>
/// <param name="Name">Name that the backend had for it, or that of inline bytes; null if it has none.</param>
/// <param name="Path">Its path as it is stored; null for inline bytes.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="Digest">Digest of the content; null if none is kept.</param>
/// <param name="Scope"><c>shared</c>, <c>private</c>, <c>meta</c>, <c>changes</c>, or <c>exclusive</c> for the one
/// stream of another handle.</param>
internal sealed record HandleFile(string? Name, string? Path, long SizeBytes, ContentDigest? Digest, string Scope);

/// <summary>The streams behind a handle as one flat list.</summary>
internal static class HandleFiles
{
    private const string Exclusive = "exclusive";
    private const string Shared = "shared";

    /// <summary>Those of keyed state, in stored order.</summary>
    public static IEnumerable<HandleFile> Of(KeyedStateHandle? handle) => handle switch
    {
        KeyGroupsStateHandle groups => Of(groups.Stream),
        IncrementalKeyedStateHandle incremental =>
        [
            .. Of(incremental.MetaFile, "meta"),
            .. incremental.SharedFiles.SelectMany(static file => Of(file.Handle, Shared, file.LocalName)),
            .. incremental.PrivateFiles.SelectMany(static file => Of(file.Handle, "private", file.LocalName)),
        ],
        ChangelogStateHandle changelog =>
            changelog.Materialized.SelectMany(Of).Concat(changelog.Changes.SelectMany(Of)),
        ChangelogFilesStateHandle files =>
            files.Streams.SelectMany(static changes => Of(changes.Stream, "changes")),
        _ => [],
    };

    /// <summary>That of a stream; none if it is absent.</summary>
    public static IEnumerable<HandleFile> Of(
        StreamStateHandle? stream, string scope = Exclusive, string? name = null) => stream switch
    {
        FileStateHandle file => [new(name, file.Path, file.FileSizeBytes, file.Digest, scope)],
        RelativeFileStateHandle file => [new(name, file.RelativePath, file.FileSizeBytes, file.Digest, scope)],
        ByteStreamStateHandle bytes => [new(name ?? bytes.Name, null, bytes.SizeBytes, null, scope)],
        SegmentStateHandle segment =>
        [
            new(
                name,
                segment.Path,
                segment.SegmentSizeBytes,
                null,
                scope == Exclusive && segment.Scope == SegmentScope.Shared ? Shared : scope),
        ],
        KeyGroupsStreamStateHandle groups => Of(groups.KeyGroups.Stream, scope, name),
        _ => [],
    };

    /// <summary>All of a subtask.</summary>
    public static IEnumerable<HandleFile> Of(SubtaskHandles handles) =>
        handles.Keyed.SelectMany(static one => Of(one.Handle))
            .Concat(handles.Operator.SelectMany(static one => Of(one.Handle?.Stream)))
            .Concat(handles.Legacy.SelectMany(static one => Of(one)))
            .Concat(handles.Subtask.InputChannels.SelectMany(static one => Of(one.Stream)))
            .Concat(handles.Subtask.OutputChannels.SelectMany(static one => Of(one.Stream)));

    /// <summary>Writes the list.</summary>
    public static void Write(Utf8JsonWriter json, IEnumerable<HandleFile> files)
    {
        json.WriteStartArray("files");
        foreach (var file in files)
        {
            json.WriteStartObject();
            JsonText.Write(json, "name", file.Name);
            JsonText.Write(json, "path", file.Path);
            json.WriteNumber("size", file.SizeBytes);
            JsonText.Write(json, "digest", file.Digest?.ToString());
            json.WriteString("scope", file.Scope);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
