namespace Skitaid.Control;

/// <summary>What is to go from the cache.</summary>
/// <param name="Url">As clients ask for it: <c>http://host:port/path?query</c>; null = all that is in it.</param>
/// <param name="IsPrefix">All whose URL begins with <paramref name="Url"/>.</param>
internal sealed record PurgeOrder(string? Url, bool IsPrefix);
