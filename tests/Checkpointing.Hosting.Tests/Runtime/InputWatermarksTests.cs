using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Runtime;

/// <summary>Event time of several inputs that advance, fall idle, wake and end.</summary>
public sealed class InputWatermarksTests
{
    private enum InputState
    {
        Active,
        Idle,
        Ended,
    }

    [Fact]
    public void Time_SomeAreActive_IsTheLeastOfThose()
    {
        var inputs = new InputWatermarks(3);
        inputs.Take(0, new(5));
        inputs.Take(1, new(7));
        inputs.Time.Should().Be(Timestamp.MinValue, "the third has said nothing yet");

        inputs.TakeIdle(2);
        inputs.Time.Should().Be(new Timestamp(5));
        inputs.Take(0, Timestamp.MaxValue);
        inputs.Time.Should().Be(new Timestamp(7), "what has ended holds nobody back");
        inputs.IsIdle.Should().BeFalse();
    }

    [Fact]
    public void Time_OneHasEndedAndTheOthersAreIdle_GoesOnToTheLastWatermarkOfTheEndedOne()
    {
        var inputs = new InputWatermarks(2);
        inputs.Take(0, new(100));
        inputs.Take(1, new(40));
        inputs.Take(0, Timestamp.MaxValue);
        inputs.Time.Should().Be(new Timestamp(40));

        inputs.TakeIdle(1);

        inputs.Time.Should().Be(new Timestamp(100), "nobody holds back what the ended one had said");
        inputs.IsIdle.Should().BeTrue("it may yet go on");
    }

    [Fact]
    public void Time_TheIdleOneWakesAfterTheOtherHasEnded_IsItsOwnAgain()
    {
        var inputs = new InputWatermarks(2);
        inputs.Take(0, new(100));
        inputs.TakeIdle(1);
        inputs.Take(0, Timestamp.MaxValue);
        inputs.Time.Should().Be(new Timestamp(100), "the end of one is not the end of time");

        inputs.TakeRecords(1).Should().BeTrue();
        inputs.TakeRecords(1).Should().BeFalse();
        inputs.IsIdle.Should().BeFalse();
        inputs.Take(1, new(250));
        inputs.Time.Should().Be(new Timestamp(250));
    }

    [Fact]
    public void Time_AllHaveEnded_IsTheEndOfTime()
    {
        var inputs = new InputWatermarks(2);
        inputs.Take(0, Timestamp.MaxValue);
        inputs.TakeIdle(1);
        inputs.Time.Should().Be(Timestamp.MinValue);

        inputs.Take(1, Timestamp.MaxValue);

        (inputs.Time, inputs.IsIdle).Should().Be((Timestamp.MaxValue, false));
    }

    [Fact]
    public void RestoreEnded_NobodySendsItAgain_CountsAsBefore()
    {
        var inputs = new InputWatermarks(2);
        inputs.RestoreEnded(new(100));
        inputs.Take(0, Timestamp.MaxValue);
        inputs.Take(1, new(40));
        inputs.Time.Should().Be(new Timestamp(40));

        inputs.TakeIdle(1);

        (inputs.Time, inputs.LastOfEnded).Should().Be((new Timestamp(100), new Timestamp(100)));
    }

    [Fact]
    public void Time_AnyHistory_IsTheThreeCasesOfItsRemarks()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var states = new InputState[random.Next(1, 5)];
            var times = Enumerable.Repeat(Timestamp.MinValue, states.Length).ToArray();
            var inputs = new InputWatermarks(states.Length);
            for (var step = 0; step < 60; step++)
            {
                Act(random, inputs, states, times);

                inputs.Time.Should().Be(Expected(states, times), "seed {0}, step {1}", seed, step);
                inputs.IsIdle.Should().Be(
                    !states.Contains(InputState.Active) && states.Contains(InputState.Idle), "seed {0}", seed);
            }
        }
    }

    [Fact]
    public void Time_SameSayingsInAnotherOrderOfInputs_IsTheSame()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var scripts = Enumerable.Range(0, 3).Select(_ => Script(random)).ToArray();

            var reached = Enumerable.Range(0, 5).Select(_ => Play(random, scripts)).ToList();

            reached.Distinct().Should().ContainSingle("seed {0}", seed);
        }
    }

    private static void Act(Random random, InputWatermarks inputs, InputState[] states, Timestamp[] times)
    {
        var input = random.Next(states.Length);
        if (states[input] == InputState.Ended)
        {
            return;
        }

        switch (random.Next(20))
        {
            case 0:
                inputs.Take(input, Timestamp.MaxValue);
                states[input] = InputState.Ended;
                break;
            case < 6:
                inputs.TakeIdle(input);
                states[input] = InputState.Idle;
                break;
            case < 10:
                inputs.TakeRecords(input).Should().Be(states[input] == InputState.Idle);
                states[input] = InputState.Active;
                break;
            default:
                var time = new Timestamp(random.Next(1_000));
                inputs.Take(input, time);
                states[input] = InputState.Active;
                times[input] = time > times[input] ? time : times[input];
                break;
        }
    }

    private static Timestamp Expected(InputState[] states, Timestamp[] times)
    {
        var active = times.Where((_, input) => states[input] == InputState.Active).ToList();
        return states.All(static state => state == InputState.Ended) ? Timestamp.MaxValue
            : active.Count > 0 ? active.Min()
            : times.Max();
    }

    /// <summary>What one input says, in order; null stands for falling idle.</summary>
    private static List<Timestamp?> Script(Random random)
    {
        List<Timestamp?> script =
            [.. Enumerable.Range(0, random.Next(6)).Select(_ => (Timestamp?)new Timestamp(random.Next(1_000)))];
        if (random.Next(2) == 0)
        {
            script.Add(null);
        }
        else if (random.Next(2) == 0)
        {
            script.Add(Timestamp.MaxValue);
        }

        return script;
    }

    private static (Timestamp Time, bool IsIdle) Play(Random random, List<Timestamp?>[] scripts)
    {
        var inputs = new InputWatermarks(scripts.Length);
        var next = new int[scripts.Length];
        while (scripts.Where((script, input) => next[input] < script.Count).Any())
        {
            var input = random.Next(scripts.Length);
            if (next[input] == scripts[input].Count)
            {
                continue;
            }

            if (scripts[input][next[input]++] is { } time)
            {
                inputs.Take(input, time);
            }
            else
            {
                inputs.TakeIdle(input);
            }
        }

        return (inputs.Time, inputs.IsIdle);
    }
}
