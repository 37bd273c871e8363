namespace Skitaid.Supervision;

/// <summary>The words of <see cref="Control.InstanceStatus.State"/>.</summary>
internal static class InstanceCondition
{
#pragma warning disable CS1591 // explained at InstanceStatus.State
    public const string Running = "running", Starting = "starting", Waiting = "waiting", Stopped = "stopped", Draining = "draining", Broken = "broken";
#pragma warning restore CS1591
}
