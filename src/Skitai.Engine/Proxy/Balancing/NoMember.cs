namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Why a request got no member.</summary>
internal enum NoMember
{
    /// <summary>It got one.</summary>
    None,

    /// <summary>The cluster has no address: none of its names could be resolved.</summary>
    Unresolved,

    /// <summary>Every member is drained by hand.</summary>
    Drained,

    /// <summary>Every member that could be asked was tried for this request.</summary>
    AllTried,

    /// <summary>All members have max_connections in hand, and max_queue requests wait already.</summary>
    QueueFull,

    /// <summary>No member had room within response_timeout.</summary>
    WaitedTooLong,

    /// <summary>The cluster is gone: the conf no longer has it, or the instance ends.</summary>
    Ended,
}
