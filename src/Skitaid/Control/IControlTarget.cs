namespace Skitaid.Control;

/// <summary>Who carries out what comes in over the control socket.</summary>
internal interface IControlTarget
{
    /// <summary>Carries out one request.</summary>
    Task<ControlReply> ExecuteAsync(ControlRequest request, CancellationToken cancellation);
}
