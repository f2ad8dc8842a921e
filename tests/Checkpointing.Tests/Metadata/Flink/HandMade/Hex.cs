using System.Globalization;
using System.Text;

namespace Checkpointing.Tests.Metadata.Flink.HandMade;

/// <summary>Reads bytes written out by hand: two hexadecimal digits a byte, ASCII texts in apostrophes, and from
/// <c>#</c> to the end of the line what they mean.</summary>
internal static class Hex
{
    internal static byte[] Parse(string text)
    {
        List<byte> bytes = [];
        foreach (var line in text.Split('\n'))
        {
            for (var i = 0; i < line.Length && line[i] != '#';)
            {
                if (char.IsWhiteSpace(line[i]))
                {
                    i++;
                }
                else if (line[i] == '\'')
                {
                    var end = line.IndexOf('\'', i + 1);
                    bytes.AddRange(Encoding.ASCII.GetBytes(line[(i + 1)..end]));
                    i = end + 1;
                }
                else
                {
                    bytes.Add(byte.Parse(line.AsSpan(i, 2), NumberStyles.AllowHexSpecifier));
                    i += 2;
                }
            }
        }

        return [.. bytes];
    }
}
