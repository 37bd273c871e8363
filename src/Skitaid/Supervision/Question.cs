using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// Something that an instance is asked again and again. Who asks while an answer is due gets that one, and an answer that
/// comes too late is nobody's.
/// </summary>
internal sealed class Question(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<InstanceReport?>? _pending;
    private long _number;

    /// <summary>Asks, unless that is under way already, and waits for the answer.</summary>
    /// <param name="send">Sends the order with the number that its answer is to carry; false when nobody is there.</param>
    /// <param name="limit">The longest that sending and answering may take together.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The answer; null when there is none in time, or at all.</returns>
    public async Task<InstanceReport?> AskAsync(
        Func<long, CancellationToken, ValueTask<bool>> send, TimeSpan limit, CancellationToken cancellation)
    {
        TaskCompletionSource<InstanceReport?> pending;
        bool first;
        long number;
        lock (_lock)
        {
            first = _pending is null;
            pending = _pending ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            number = first ? ++_number : _number;
        }

        using var patience = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return first && !await send(number, either.Token) ? null : await pending.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (first)
            {
                End(number, null);
            }
        }
    }

    /// <summary>An answer has come.</summary>
    public void Answer(InstanceReport report) => End(report.Number, report);

    /// <summary>No answer will come any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            End(_number, null);
        }
    }

    private void End(long number, InstanceReport? answer)
    {
        lock (_lock)
        {
            if (number == _number)
            {
                _pending?.TrySetResult(answer);
                _pending = null;
            }
        }
    }
}
