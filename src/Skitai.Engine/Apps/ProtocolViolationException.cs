namespace Skitai.Engine.Apps;

/// <summary>A worker sent what docs/worker-protocol.md forbids; it is killed and replaced.</summary>
internal sealed class ProtocolViolationException(string message) : Exception(message);
