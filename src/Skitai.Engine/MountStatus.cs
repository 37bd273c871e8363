using Skitai.Engine.Apps;

namespace Skitai.Engine;

/// <summary>How a mount does at one moment.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Kind">What it is: <c>static</c>, <c>app</c>, <c>cluster</c>.</param>
public sealed record MountStatus(string Path, string Kind)
{
    /// <summary>The names of its virtual host; empty for the default host.</summary>
    public string Host { get; init; } = "";

    /// <summary>What it points at.</summary>
    public string Target { get; init; } = "";

    /// <summary>Why it cannot serve now; null = it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Requests that wait for a worker with a free thread.</summary>
    public int Waiting { get; init; }

    /// <summary>Its worker processes; empty for a mount without any.</summary>
    public IReadOnlyList<AppWorkerStatus> Workers { get; init; } = [];
}
