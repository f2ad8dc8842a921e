namespace Checkpointing.Metadata.Flink.Properties;

/// <summary>A class as a stream describes it. It is only compared by name, never looked up.</summary>
internal sealed class JavaClass(string name, long serialVersionUid)
{
    internal string Name { get; } = name;

    internal long SerialVersionUid { get; } = serialVersionUid;

    internal bool IsEnum { get; set; }

    internal JavaField[] Fields { get; set; } = [];

    internal JavaClass? Super { get; set; }

    /// <summary>Number of superclasses above it.</summary>
    internal int SuperCount { get; set; }

    /// <summary>False while it is being read: nothing may refer to it as its own superclass.</summary>
    internal bool IsComplete { get; set; }
}

/// <summary>One field of a class.</summary>
/// <param name="Type">Java's letter for the type.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct JavaField(char Type, string Name)
{
    internal bool IsObject => Type is 'L' or '[';
}

/// <summary>An object. Of the values with a primitive type only booleans are kept.</summary>
/// <remarks>Only a path of known length is ever followed from one: objects may hold each other in circles.</remarks>
internal sealed class JavaObject(JavaClass type)
{
    internal JavaClass Class { get; } = type;

    /// <summary>Values of the fields of <see cref="Class"/> itself, without those of its superclasses: a boxed
    /// boolean, a text, a <see cref="JavaObject"/>, a <see cref="JavaEnum"/>, or null.</summary>
    internal object?[] Values { get; set; } = [];

    /// <summary>Value of the field of that name and type; false if there is none or it has another type.</summary>
    internal bool TryGet<T>(string name, out T? value)
        where T : class
    {
        value = Find(name) as T;
        return value is not null;
    }

    internal bool TryGetBoolean(string name, out bool value)
    {
        value = Find(name) is true;
        return value || Find(name) is false;
    }

    private object? Find(string name)
    {
        for (var i = 0; i < Values.Length; i++)
        {
            if (Class.Fields[i].Name == name)
            {
                return Values[i];
            }
        }

        return null;
    }
}

/// <summary>A constant of an enum.</summary>
/// <param name="Class">The enum.</param>
/// <param name="Name">Name of the constant.</param>
internal sealed record JavaEnum(JavaClass Class, string Name);
