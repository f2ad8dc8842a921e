using System.Globalization;

namespace Checkpointing.StateHandles;

/// <summary>How files got to their place, or back: how many files and bytes each way.</summary>
/// <param name="LinkedFiles">Files that got a second name of the same bytes: no byte was read or written.</param>
/// <param name="LinkedBytes">Bytes of those.</param>
/// <param name="ReflinkedFiles">Files of their own whose blocks are shared with the other side until one of the two
/// changes.</param>
/// <param name="ReflinkedBytes">Bytes of those.</param>
/// <param name="CopiedFiles">Files that were copied from file to file.</param>
/// <param name="CopiedBytes">Bytes of those.</param>
/// <param name="StreamedFiles">Files whose bytes went through the process.</param>
/// <param name="StreamedBytes">Bytes of those.</param>
public readonly record struct TransferCounts(
    int LinkedFiles, long LinkedBytes, int ReflinkedFiles, long ReflinkedBytes, int CopiedFiles, long CopiedBytes,
    int StreamedFiles, long StreamedBytes)
{
    /// <summary>Files in all.</summary>
    public int Files => LinkedFiles + ReflinkedFiles + CopiedFiles + StreamedFiles;

    /// <summary>Bytes in all.</summary>
    public long Bytes => LinkedBytes + ReflinkedBytes + CopiedBytes + StreamedBytes;

    /// <summary>One linked file.</summary>
    public static TransferCounts Linked(long bytes) => new(1, bytes, 0, 0, 0, 0, 0, 0);

    /// <summary>One file with shared blocks.</summary>
    public static TransferCounts Reflinked(long bytes) => new(0, 0, 1, bytes, 0, 0, 0, 0);

    /// <summary>One copied file.</summary>
    public static TransferCounts Copied(long bytes) => new(0, 0, 0, 0, 1, bytes, 0, 0);

    /// <summary>One file that went through the process.</summary>
    public static TransferCounts Streamed(long bytes) => new(0, 0, 0, 0, 0, 0, 1, bytes);

    /// <summary>Sum.</summary>
    public static TransferCounts operator +(TransferCounts left, TransferCounts right) => new(
        left.LinkedFiles + right.LinkedFiles, left.LinkedBytes + right.LinkedBytes,
        left.ReflinkedFiles + right.ReflinkedFiles, left.ReflinkedBytes + right.ReflinkedBytes,
        left.CopiedFiles + right.CopiedFiles, left.CopiedBytes + right.CopiedBytes,
        left.StreamedFiles + right.StreamedFiles, left.StreamedBytes + right.StreamedBytes);

    /// <summary>Sum.</summary>
    public static TransferCounts Add(TransferCounts left, TransferCounts right) => left + right;

    /// <summary>For logs: the ways that were taken, for example <c>3 files linked, 1 copied</c>.</summary>
    public override string ToString()
    {
        var ways = new List<string>();
        Add(LinkedFiles, "linked");
        Add(ReflinkedFiles, "reflinked");
        Add(CopiedFiles, "copied");
        Add(StreamedFiles, "streamed");
        return ways.Count == 0 ? "no file moved" : string.Join(", ", ways);

        void Add(int files, string way)
        {
            if (files > 0)
            {
                ways.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{files} {(ways.Count > 0 ? "" : files == 1 ? "file " : "files ")}{way}"));
            }
        }
    }
}
