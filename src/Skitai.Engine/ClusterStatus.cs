namespace Skitai.Engine;

/// <summary>How a cluster does at one moment. Serialisable as JSON.</summary>
/// <param name="Name">With its <c>@</c>.</param>
public sealed record ClusterStatus(string Name)
{
    /// <summary>Whether a route leads to it; else it is at rest, and nothing else is known of it.</summary>
    public bool IsMounted { get; init; } = true;

    /// <summary>Requests that wait until a member has room (<c>max_connections</c>).</summary>
    public int Waiting { get; init; }

    /// <summary>Requests since the start that found no member: all down, drained or tried, the queue full, or the wait too long.</summary>
    public long Refused { get; init; }

    /// <summary>Names that cannot be resolved now, and why; empty = all can.</summary>
    public IReadOnlyList<string> Unresolved { get; init; } = [];

    /// <summary>Its members in the order of the conf, address by address; those that left and still have requests in hand at the end.</summary>
    public IReadOnlyList<MemberStatus> Members { get; init; } = [];
}
