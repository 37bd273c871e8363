namespace Skitai.Engine.Proxy.Upstream;

/// <summary>One field line of a message.</summary>
/// <param name="Name">As it goes over the wire; compared without regard to case.</param>
/// <param name="Value">One char for each byte (latin-1), without blanks around it.</param>
internal readonly record struct Header(string Name, string Value);
