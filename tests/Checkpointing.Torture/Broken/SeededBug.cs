namespace Checkpointing.Torture.Broken;

/// <summary>A bug put into a copy of the core on purpose: the nets have to catch it.</summary>
/// <param name="Name">What rule it breaks, in a few words.</param>
/// <param name="File">The file, below <c>src/Checkpointing</c>.</param>
/// <param name="Right">Text that stands there exactly once.</param>
/// <param name="Wrong">What takes its place.</param>
internal sealed record SeededBug(string Name, string File, string Right, string Wrong)
{
    /// <summary>All of them.</summary>
    internal static IReadOnlyList<SeededBug> All { get; } =
    [
        new(
            "delete before the pointer is gone",
            "Coordination/CoordinatorCore.Completion.cs",
            "            _changeUnderWay = change;\n",
            """
                        if (change is RegisterChange.Add && _retained.Count >= options.MaxRetainedCheckpoints)
                        {
                            DeletePaths(CheckpointReference.ExclusiveFiles(_retained[0]), "too early");
                        }

                        _changeUnderWay = change;

            """),
        new(
            "skip the folder sync before the metadata",
            "Coordination/CheckpointCoordinator.Effects.cs",
            "            await _storage.SyncFoldersAsync(folders, CancellationToken.None).ConfigureAwait(false);\n",
            ""),
        new(
            "forget the re-registration on recovery",
            "CompletedCheckpoints/CompletedCheckpointStore.cs",
            "                    checkpoint.RegisterSharedStatesAfterRestored(registry);\n",
            ""),
        new(
            "reuse a name",
            "Storage/CheckpointLayout.cs",
            "$\"{epoch}-{attempt}-{unique:N}\"",
            "$\"{epoch}-{attempt}-{new Guid(unique.ToByteArray()[0] & 15, 0, 0, new byte[8]):N}\""),
        new(
            "treat an unknown outcome as failure",
            "Coordination/CoordinatorCore.Completion.cs",
            "            case CheckpointOutcomeUnknownException:\n",
            "            case CheckpointOutcomeUnknownException when _phase == LifePhase.New:\n"),
        new(
            "release what a pending checkpoint may point into",
            "Coordination/CoordinatorCore.Releasing.cs",
            "            _leaving.Add(new(checkpoint, [.. _pending.Keys]));\n",
            "            _leaving.Add(new(checkpoint, []));\n"),
        new(
            "release the base as well when a checkpoint aborts",
            "Coordination/CoordinatorCore.Completion.cs",
            "                .. OwnPaths(_registry.ReleaseAll(OwnerOf(aborted.Id))),\n",
            """
                            .. OwnPaths(_registry.ReleaseAll(OwnerOf(_base ?? aborted.Id))),
                            .. OwnPaths(_registry.ReleaseAll(OwnerOf(aborted.Id))),

            """),
        new(
            "trust age: an older epoch is proof enough",
            "CompletedCheckpoints/CheckpointSweep.cs",
            "                    !reachable.Contains(file) && IsOurs(job, file)",
            "                    IsOurs(job, file)"),
        new(
            "skip the digest check of full snapshots",
            "State/CanonicalSnapshotReader.cs",
            "            CheckDigest(_blockHash, chunk.Span[length..]);\n",
            ""),
        new(
            "take over without a new epoch",
            "CompletedCheckpoints/CompletedCheckpointStore.cs",
            "            Epoch = (present?.Epoch ?? 0) + 1,\n",
            "            Epoch = Math.Max(1, present?.Epoch ?? 0),\n"),
        new(
            "off by one in a key-group range",
            "KeyGroups/KeyGroupAssignment.cs",
            "        return new(first, (((subtaskIndex + 1) * maxParallelism) - 1) / parallelism);\n",
            """
                    var last = (((subtaskIndex + 1) * maxParallelism) - 1) / parallelism;
                    return new(first, last - (subtaskIndex & 1));

            """),
    ];
}
