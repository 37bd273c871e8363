using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skitaid.Explaining;

/// <summary>The JSON form for scripts, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ExplanationReport))]
internal sealed partial class ExplanationJson : JsonSerializerContext
{
    /// <summary>The text.</summary>
    public static string Text(ExplanationReport report) => JsonSerializer.Serialize(report, Default.ExplanationReport);
}
