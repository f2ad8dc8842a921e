using System.IO.Hashing;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Checkpointing.State.Serializers;

/// <summary>The fingerprint of a JSON type: names and types of its properties, of their properties, and so
/// on.</summary>
internal static class JsonSchema
{
    internal static long FingerprintOf(JsonTypeInfo typeInfo)
    {
        var text = new StringBuilder();
        Describe(typeInfo, text, []);
        var hash = unchecked((long)XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString())));
        return hash == 0 ? 1 : hash;
    }

    // Names of classes with properties are left out, so that renaming one changes nothing. ToString and not FullName:
    // that has versions of assemblies in it.
    private static void Describe(JsonTypeInfo typeInfo, StringBuilder text, HashSet<Type> seen)
    {
        text.Append((int)typeInfo.Kind);
        if (!seen.Add(typeInfo.Type))
        {
            text.Append('^');
            return;
        }

        switch (typeInfo.Kind)
        {
            case JsonTypeInfoKind.Object:
                text.Append('{');
                foreach (var property in typeInfo.Properties.OrderBy(
                    static property => property.Name, StringComparer.Ordinal))
                {
                    text.Append(property.Name).Append(':');
                    DescribeType(property.PropertyType, typeInfo, text, seen);
                    text.Append(';');
                }

                text.Append('}');
                break;
            case JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary when typeInfo.ElementType is { } element:
                text.Append('[');
                DescribeType(element, typeInfo, text, seen);
                text.Append(']');
                break;
            default:
                text.Append(typeInfo.Type);
                break;
        }

        seen.Remove(typeInfo.Type);
    }

    private static void DescribeType(Type type, JsonTypeInfo owner, StringBuilder text, HashSet<Type> seen)
    {
        if (owner.Options.TryGetTypeInfo(type, out var typeInfo))
        {
            Describe(typeInfo, text, seen);
        }
        else
        {
            text.Append(type);
        }
    }
}
