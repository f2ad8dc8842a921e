namespace Checkpointing;

/// <summary>The rule for names that users give: they become folder names and parts of keys.</summary>
internal static class NameRules
{
    internal const int MaxLength = 200;

    internal static string Check(string name, string what, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (name.Length is 0 or > MaxLength)
        {
            throw new ArgumentException(
                $"{what} has 1 to {MaxLength} characters; '{name}' has {name.Length}.", parameter);
        }

        if (name is "." or ".." || name.AsSpan().IndexOfAny('/', '\\') >= 0 || name.Any(char.IsControl))
        {
            throw new ArgumentException($"{what} holds no slash and no control character; '{name}' does.", parameter);
        }

        return name;
    }
}
