using System.Diagnostics.CodeAnalysis;
using Checkpointing.Metadata.Paths;

namespace Checkpointing.Tool.Metadata;

/// <summary>The form <c>FROM=TO</c> of the command line.</summary>
internal static class RelocationText
{
    /// <summary>Reads it. Paths may hold equals signs (<c>day=3</c>): the first one counts behind which an absolute
    /// path begins.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PathRelocation? relocation)
    {
        for (var at = text.IndexOf('='); at >= 0; at = text.IndexOf('=', at + 1))
        {
            try
            {
                relocation = new(text[..at], text[(at + 1)..]);
                return true;
            }
            catch (ArgumentException)
            {
                // Not this one: an equals sign within a path.
            }
        }

        relocation = null;
        return false;
    }
}
