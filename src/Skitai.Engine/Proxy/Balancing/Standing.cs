namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Whether a member may get requests, as far as that changes rarely.</summary>
internal enum Standing
{
    /// <summary>It gets its share.</summary>
    Up,

    /// <summary>It came back or joined a while ago: its share grows (slow start).</summary>
    Rising,

    /// <summary>It failed: nothing but a trial, or a request for which nobody else is left.</summary>
    Down,

    /// <summary>Drained by hand, or no longer of the cluster: nothing at all.</summary>
    Out,
}
