namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Why a <see cref="Tunnel"/> ended.</summary>
internal enum TunnelEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>The client ended it, or is gone.</summary>
    Client,

    /// <summary>The member ended it.</summary>
    Member,

    /// <summary>The member's connection broke.</summary>
    MemberLost,

    /// <summary>Neither has sent anything for tunnel_timeout.</summary>
    Silence,

    /// <summary>The instance is to end.</summary>
    Drained,
}
