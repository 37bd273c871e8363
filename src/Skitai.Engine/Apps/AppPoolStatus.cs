namespace Skitai.Engine.Apps;

/// <summary>How an app's workers do at one moment. Serialisable as JSON.</summary>
/// <param name="Label">The app's name for people.</param>
/// <param name="Target">The app: <c>dir/module:callable</c>.</param>
public sealed record AppPoolStatus(string Label, string Target)
{
    /// <summary>Why it cannot serve now; null = it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Requests that wait for a worker.</summary>
    public int Waiting { get; init; }

    /// <summary>Requests answered 503 because no app thread got free.</summary>
    public long Refused { get; init; }

    /// <summary>The places for workers; those being retired follow.</summary>
    public IReadOnlyList<AppWorkerStatus> Workers { get; init; } = [];
}
