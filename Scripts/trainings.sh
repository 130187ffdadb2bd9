# Short trainings of each task, for the scripts that compare runs: they source this file.
#
#   train=TASK; options_of_training     sets `options` to those of `switchback TASK train`, and fails for what is no such task
#
# $root is the project. All but classify and text need --data, and chat --from, with whole paths.

options_of_training() {
    case $train in
    classify) options=(--data digits --model cnn --epochs 2) ;;
    detect) options=(--model yolo11n --imgsz 64 --epochs 4 --no-plots) ;;
    segment) options=(--model yolo11n-seg --imgsz 64 --epochs 3 --no-plots) ;;
    text) options=(--data "$root/Docs" --context 32) ;;
    sentiment) options=(--epochs 2) ;;
    translate) options=(--source en --target de --layers 1 --width 32) ;;
    chat) options=() ;;
    *)
        echo "${0##*/}: $train is not a task; classify, detect, segment, text, sentiment, translate, chat are" >&2
        return 2
        ;;
    esac
}
