namespace Skitai.Engine.Apps;

/// <summary>One stream of a worker: free, or in hand since <see cref="Since"/>. The channel's gate guards it.</summary>
internal struct WorkerSlot
{
    /// <summary>Whose answer it is; null = free, or nobody waits for it any more.</summary>
    public AppRequest? Request;

    /// <summary>The worker has it until its closing frame.</summary>
    public bool InHand;

    /// <summary>When the worker got it (TimeProvider time stamp).</summary>
    public long Since;

    /// <summary>Time in which the app waited for the client.</summary>
    public TimeSpan ClientTime;

    /// <summary>It was reported as slow.</summary>
    public bool Reported;

    /// <summary>When it was given up because of app_timeout; 0 = it was not.</summary>
    public long TimedOutAt;

    /// <summary>What it is, for a report; set once <see cref="Request"/> may be gone.</summary>
    public string? Description;
}
