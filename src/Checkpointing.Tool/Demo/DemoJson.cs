using System.Text.Json;
using System.Text.Json.Serialization;

namespace Checkpointing.Tool.Demo;

/// <summary>JSON of the demo: one object on one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoReport))]
internal sealed partial class DemoJson : JsonSerializerContext
{
    /// <summary>Writes a report.</summary>
    public static string Write(DemoReport report) => JsonSerializer.Serialize(report, Default.DemoReport);

    /// <summary>Reads a report.</summary>
    /// <exception cref="JsonException">The text is no report.</exception>
    public static DemoReport Read(string json) =>
        JsonSerializer.Deserialize(json, Default.DemoReport)
            ?? throw new JsonException("The text is 'null', no report.");
}
