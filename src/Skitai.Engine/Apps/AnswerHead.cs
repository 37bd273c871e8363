using Microsoft.Extensions.Primitives;

namespace Skitai.Engine.Apps;

/// <summary>The parsed head of an app's answer. Immutable and shared between answers with the same bytes.</summary>
internal sealed class AnswerHead
{
    /// <summary>200 to 999.</summary>
    public required int Status { get; init; }

    /// <summary>The app's reason phrase; null when it is the usual one of the status.</summary>
    public required string? Reason { get; init; }

    /// <summary>The headers as the app sent them, those of one name joined; without Content-Length.</summary>
    public required KeyValuePair<string, StringValues>[] Headers { get; init; }

    /// <summary>Content-Length; -1 when the app named none.</summary>
    public required long ContentLength { get; init; }

    /// <summary>Whether an answer of this status has a body at all (to anything but HEAD).</summary>
    public bool HasBody => Status is not (204 or 205 or 304);
}
