using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Puts what a section of the configuration holds into settings, and knows what is left over.</summary>
/// <remarks>Several objects may be filled from one section. Problems are collected as sentences, so that a user sees
/// all of them at once.</remarks>
/// <param name="section">The section; null: there is no configuration.</param>
/// <param name="path">Its path, for sentences.</param>
internal sealed class SettingsBinder(IConfiguration? section, string path)
{
    private readonly SortedSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong so far, one sentence each.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Path of the section.</summary>
    public string Path => path;

    /// <summary>Fills the public properties of simple types that the section has.</summary>
    /// <param name="target">The settings.</param>
    /// <param name="except">Names of properties that cannot be configured.</param>
    /// <typeparam name="T">Their type: only its own and inherited properties are looked at.</typeparam>
    public void Bind<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(
        T target, params ReadOnlySpan<string> except)
    {
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.SetMethod is { IsPublic: true } && SettingText.IsReadable(property.PropertyType)
                && !except.Contains(property.Name)
                && TryRead(property.Name, property.PropertyType, out var value))
            {
                property.SetValue(target, value);
            }
        }
    }

    /// <summary>Fills a dictionary of whole numbers from a section of this name.</summary>
    public void BindNumbers(string name, Dictionary<string, int> target)
    {
        _known.Add(name);
        foreach (var child in Section(name)?.GetChildren() ?? [])
        {
            if (SettingText.TryRead(typeof(int), child.Value ?? "", out var value))
            {
                target[child.Key] = (int)value!;
            }
            else
            {
                AddProblem($"{name}:{child.Key}", child.Value, SettingText.Describe(typeof(int)));
            }
        }
    }

    /// <summary>A section of this name is read by somebody else.</summary>
    public void Know(string name) => _known.Add(name);

    /// <summary>A section of this section; null if there is no configuration.</summary>
    public IConfigurationSection? Section(string name) => section?.GetSection(name);

    /// <summary>Whether the section holds a value for a setting.</summary>
    public bool Has(string name) => section?[name] is not null;

    /// <summary>What is wrong with a setting, as a sentence that names it as the user wrote it.</summary>
    public string Sentence(ArgumentException problem)
    {
        if (problem is SettingOutOfRangeException setting)
        {
            var value = section?[setting.Setting] is { Length: > 0 } written ? written : setting.Value;
            return $"{path}:{setting.Setting} is {value}; it must be {setting.Range}.";
        }

        // What ArgumentException adds about its parameter is the name of the setting.
        var message = problem.Message.Split(" (Parameter '", 2)[0];
        return problem.ParamName is { Length: > 0 } name
            ? message.StartsWith(name, StringComparison.Ordinal) ? $"{path}:{message}" : $"{path}:{name}: {message}"
            : $"{path}: {message}";
    }

    /// <summary>One sentence for each key of the section that is no setting.</summary>
    public IEnumerable<string> FindUnknownKeys()
    {
        foreach (var key in section?.GetChildren().Select(static child => child.Key) ?? [])
        {
            if (!_known.Contains(key))
            {
                yield return SpellingOf(key, _known) is { } meant
                    ? $"{path}:{key} is no setting and was ignored; {meant} is one."
                    : $"{path}:{key} is no setting and was ignored.";
            }
        }
    }

    /// <summary>The known name that somebody most likely meant; null if none is near.</summary>
    internal static string? SpellingOf(string written, IEnumerable<string> known)
    {
        const int FarthestEdits = 2;
        return known
            .Select(name => (Name: name, Edits: EditsBetween(written.ToUpperInvariant(), name.ToUpperInvariant())))
            .Where(static one => one.Edits <= FarthestEdits)
            .OrderBy(static one => one.Edits)
            .Select(static one => one.Name)
            .FirstOrDefault();
    }

    // Characters to insert, remove or replace (Levenshtein), one row of the table at a time.
    private static int EditsBetween(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }

        return row[^1];
    }

    private bool TryRead(string name, Type type, out object? value)
    {
        _known.Add(name);
        value = null;
        if (Section(name) is not { } child || !child.Exists())
        {
            return false;
        }

        if (child.Value is { } text && SettingText.TryRead(type, text, out value))
        {
            return true;
        }

        AddProblem(name, child.Value, SettingText.Describe(type));
        return false;
    }

    private void AddProblem(string name, string? text, string range) => Problems.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"{path}:{name} is {(text is null ? "a section" : $"'{text}'")}; it must be {range}."));
}
