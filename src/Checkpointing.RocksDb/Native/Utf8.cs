using System.Text;

namespace Checkpointing.RocksDb.Native;

/// <summary>Texts as C has them.</summary>
internal static class Utf8
{
    /// <summary>The text in UTF-8 with a zero behind it.</summary>
    internal static byte[] ZeroTerminated(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>The text of UTF-8 bytes.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
