namespace Skitaid.Control;

/// <summary>What a running instance says about one cluster.</summary>
/// <param name="Name">With its <c>@</c>.</param>
/// <param name="Waiting">Requests that wait until a member has room.</param>
/// <param name="Refused">Requests since the instance's process started that found no member, or no other one after a failure.</param>
/// <param name="Unresolved">Names that cannot be resolved now, and why.</param>
/// <param name="Members">Its members in the order of the conf, address by address.</param>
internal sealed record ClusterFigures(string Name, int Waiting, long Refused, IReadOnlyList<string> Unresolved, IReadOnlyList<MemberFigures> Members)
{
    /// <summary>Whether a route leads to it; else it is at rest, and nothing else is known of it.</summary>
    public bool Mounted { get; init; } = true;
}
