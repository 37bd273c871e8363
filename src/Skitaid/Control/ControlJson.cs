using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skitaid.Control;

/// <summary>The messages' JSON form, generated at build time: no reflection in small processes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceOrder))]
[JsonSerializable(typeof(InstanceReport))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
[JsonSerializable(typeof(DaemonStatus))]
[JsonSerializable(typeof(ClusterFigures[]))]
internal sealed partial class ControlJson : JsonSerializerContext
{
    /// <summary>For people and their scripts: indented.</summary>
    public static ControlJson CreateIndented() => new(new JsonSerializerOptions(Default.Options) { WriteIndented = true });
}
