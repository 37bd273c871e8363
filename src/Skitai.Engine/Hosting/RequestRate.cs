namespace Skitai.Engine.Hosting;

/// <summary>Requests per second over the last ten seconds, from one sample a second.</summary>
internal sealed class RequestRate(Counters counters)
{
    private const int Window = 10;

    private readonly long[] _samples = new long[Window + 1];
    private readonly Lock _gate = new();
    private int _taken;

    /// <summary>The rate over the seconds sampled, ten at most.</summary>
    public double PerSecond
    {
        get
        {
            lock (_gate)
            {
                var seconds = Math.Min(_taken, Window);
                return seconds == 0 ? 0
                    : (double)(_samples[_taken % _samples.Length] - _samples[(_taken - seconds) % _samples.Length]) / seconds;
            }
        }
    }

    /// <summary>To be called once a second.</summary>
    public void Sample()
    {
        var began = counters.Sum().Began;
        lock (_gate)
        {
            _taken++;
            _samples[_taken % _samples.Length] = began;
        }
    }
}
