namespace Skitaid.Control;

/// <summary>What is to become of a member.</summary>
/// <param name="Name">Which.</param>
/// <param name="Drained">It is to get no new requests; false = it is to get them again; null = it is only to be told what it has in hand.</param>
internal sealed record MemberOrder(MemberName Name, bool? Drained);
